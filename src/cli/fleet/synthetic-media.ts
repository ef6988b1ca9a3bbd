import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseFlvFile } from '../../rtmp/flv-file.ts';
import type { FlvFile, FlvTag } from '../../rtmp/flv-file.ts';
import { MESSAGE_TYPE } from '../../rtmp/message-type.ts';
import type { CountFrames } from '../drill/match-runs.ts';
import type { ReplayTruth } from '../drill/replay-reader.ts';

const SAMPLE = join(import.meta.dirname, '../sample.flv');
/** Bytes in front of a frame in its tag: FLV 10.1, E.4.3.1 (AVC) and E.4.2.1 (AAC). */
const VIDEO_HEADER_BYTES = 5;
const AUDIO_HEADER_BYTES = 2;
const FILLER_NAL = 12;
/** Length, type, and stop bit of a filler NAL unit. */
const FILLER_LEAST_BYTES = 6;

/** What the publishers of a drill send, and what is to come out of it. */
export interface SyntheticMedia {
  readonly file: FlvFile;
  readonly truth: ReplayTruth;
  readonly count: CountFrames;
  readonly bitrate: number;
  readonly framesPerSecond: number;
}

/** The built-in sample, its video frames filled up to `bitrate` (bits a second in all) if that is more than it has. */
export function syntheticMedia(bitrate: number | null): SyntheticMedia {
  const sample = parseFlvFile(readFileSync(SAMPLE));
  const isVideo = ({ type }: FlvTag): boolean => type === MESSAGE_TYPE.video;
  const own = rateOf(sample);
  const videos = sample.frames.filter(isVideo).length;
  const fillBytes = bitrate === null ? 0 : Math.round(((bitrate - own) * sample.durationMs) / 8000 / videos);
  const frames =
    fillBytes < FILLER_LEAST_BYTES ? sample.frames : sample.frames.map((tag) => (isVideo(tag) ? filled(tag, fillBytes) : tag));
  const file = { ...sample, frames };
  const video = frames.filter(isVideo).map(({ body }) => body.subarray(VIDEO_HEADER_BYTES));
  const audio = frames.filter((tag) => !isVideo(tag)).map(({ body }) => body.subarray(AUDIO_HEADER_BYTES));
  const count: CountFrames = (sent) => {
    const turns = Math.floor(sent / frames.length);
    const videoInTurn = frames.slice(0, sent % frames.length).filter(isVideo).length;
    const videoCount = turns * video.length + videoInTurn;
    return { video: videoCount, audio: sent - videoCount };
  };
  return {
    file,
    truth: { video, audio },
    count,
    bitrate: rateOf(file),
    framesPerSecond: (video.length * 1000) / file.durationMs,
  };
}

function rateOf({ frames, durationMs }: FlvFile): number {
  return Math.round((frames.reduce((sum, { body }) => sum + body.length, 0) * 8000) / durationMs);
}

/** The tag with a NAL unit of filler data behind its frame (ITU-T H.264, 7.3.2.7), which decoders pass over. */
function filled(tag: FlvTag, fillBytes: number): FlvTag {
  const body = new Uint8Array(tag.body.length + fillBytes).fill(0xff);
  body.set(tag.body);
  new DataView(body.buffer).setUint32(tag.body.length, fillBytes - 4);
  body[tag.body.length + 4] = FILLER_NAL;
  body[body.length - 1] = 0x80;
  return { ...tag, body };
}
