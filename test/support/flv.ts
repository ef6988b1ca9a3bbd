import { readFileSync } from 'node:fs';
import { decodeAacConfig } from '../../src/media/aac.ts';
import { decodeAvcConfig } from '../../src/media/avc.ts';
import type { AudioConfig, VideoConfig } from '../../src/media/track.ts';

/** One coded frame of an FLV file; times in ms. */
export interface FlvFrame {
  dtsMs: number;
  compositionOffsetMs: number;
  keyframe: boolean;
  data: Uint8Array;
}

/** What an FLV file of H.264 and AAC holds, frames in file order. */
export interface FlvFile {
  videoConfig: VideoConfig | null;
  audioConfig: AudioConfig | null;
  video: FlvFrame[];
  audio: FlvFrame[];
}

/** Reads a whole FLV file (Adobe Flash Video File Format 10.1, annex E): small, trusting, for fixtures of ours only. */
export function readFlv(path: string | URL): FlvFile {
  const bytes = readFileSync(path);
  const file: FlvFile = { videoConfig: null, audioConfig: null, video: [], audio: [] };
  for (let at = bytes.readUInt32BE(5) + 4; at + 11 <= bytes.length;) {
    const type = bytes[at];
    const size = bytes.readUIntBE(at + 1, 3);
    const dtsMs = bytes.readUIntBE(at + 4, 3) + bytes[at + 7] * 0x100_0000;
    const body = bytes.subarray(at + 11, at + 11 + size);
    if (type === 9) {
      const data = Uint8Array.from(body.subarray(5));
      if (body[1] === 0) file.videoConfig = decodeAvcConfig(data);
      if (body[1] === 1)
        file.video.push({ dtsMs, compositionOffsetMs: body.readIntBE(2, 3), keyframe: body[0] >> 4 === 1, data });
    }
    if (type === 8) {
      const data = Uint8Array.from(body.subarray(2));
      if (body[1] === 0) file.audioConfig = decodeAacConfig(data);
      else file.audio.push({ dtsMs, compositionOffsetMs: 0, keyframe: true, data });
    }
    at += 11 + size + 4;
  }
  return file;
}
