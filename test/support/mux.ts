import { writeFragmentHeader, fragmentHeaderBytes } from '../../src/mp4/fragment.ts';
import type { TrackFragment } from '../../src/mp4/fragment.ts';
import { AUDIO_TRACK_ID, VIDEO_TRACK_ID, encodeInitSegment } from '../../src/mp4/init-segment.ts';
import { createSampleColumns } from '../../src/mp4/sample-columns.ts';
import type { FlvFile, FlvFrame } from './flv.ts';

/** An initialization segment and fragments, as bytes. */
export interface MuxedFile {
  init: Uint8Array;
  fragments: Uint8Array[];
}

const TICKS_PER_MS = 90;
const EPOCH_MS = 1_700_000_000_000;

/** Muxes a whole file into fragments of about `partMs`; a segment begins at each keyframe (without video: each second). The simplest packager there can be. */
export function muxFlv(file: FlvFile, partMs = 200): MuxedFile {
  const { videoConfig, audioConfig, video, audio } = file;
  const first = Math.min(video[0]?.dtsMs ?? Infinity, audio[0]?.dtsMs ?? Infinity);
  const lead = video.length > 0 ? video : audio;
  const fragments: Uint8Array[] = [];
  let audioDone = 0;
  for (let from = 0; from < lead.length;) {
    let to = from + 1;
    while (to < lead.length && lead[to].dtsMs - lead[from].dtsMs < partMs && (lead === audio || !lead[to].keyframe)) to += 1;
    const untilMs = to < lead.length ? lead[to].dtsMs : Infinity;
    let audioTo = audioDone;
    while (audioTo < audio.length && audio[audioTo].dtsMs < untilMs) audioTo += 1;
    const videoShare = lead === video ? videoFragment(video, from, to, first) : null;
    const audioShare = audioFragment(audio, audioDone, audioTo, first, audioConfig);
    const segmentStart = lead === video ? video[from].keyframe : fragments.length % 5 === 0;
    fragments.push(
      encode(videoShare, audioShare, segmentStart, fragments.length + 1, EPOCH_MS + lead[from].dtsMs, [
        ...video.slice(...(lead === video ? [from, to] : [0, 0])),
        ...audio.slice(audioDone, audioTo),
      ]),
    );
    audioDone = audioTo;
    from = lead === video ? to : audioTo;
  }
  return { init: encodeInitSegment({ video: videoConfig, audio: audioConfig }), fragments };
}

/** All in one: a file that plays by itself. */
export function joinMuxed(muxed: MuxedFile): Uint8Array {
  return Uint8Array.from(Buffer.concat([muxed.init, ...muxed.fragments]));
}

function videoFragment(frames: FlvFrame[], from: number, to: number, firstMs: number): TrackFragment {
  const samples = createSampleColumns(to - from);
  let dataBytes = 0;
  for (let i = from; i < to; i += 1) {
    const row = samples.count;
    const [next, previous] = [frames[i + 1], frames[i - 1]];
    const durationMs = next ? next.dtsMs - frames[i].dtsMs : frames[i].dtsMs - previous.dtsMs;
    samples.sizes[row] = frames[i].data.length;
    samples.durations[row] = durationMs * TICKS_PER_MS;
    samples.compositionOffsets[row] = frames[i].compositionOffsetMs * TICKS_PER_MS;
    samples.flags[row] = frames[i].keyframe ? 1 : 0;
    samples.count += 1;
    dataBytes += frames[i].data.length;
  }
  return { trackId: VIDEO_TRACK_ID, baseMediaDecodeTime: (frames[from].dtsMs - firstMs) * TICKS_PER_MS, samples, dataBytes };
}

function audioFragment(
  frames: FlvFrame[],
  from: number,
  to: number,
  firstMs: number,
  config: FlvFile['audioConfig'],
): TrackFragment | null {
  if (config === null || to === from) return null;
  const samples = createSampleColumns(to - from);
  let dataBytes = 0;
  for (let i = from; i < to; i += 1) {
    samples.sizes[samples.count] = frames[i].data.length;
    samples.durations[samples.count] = config.samplesPerFrame;
    samples.count += 1;
    dataBytes += frames[i].data.length;
  }
  // Counted in samples, not by the FLV's rounded milliseconds: fragments join without gaps.
  const start = Math.round(((frames[0].dtsMs - firstMs) * config.sampleRate) / 1000) + from * config.samplesPerFrame;
  return { trackId: AUDIO_TRACK_ID, baseMediaDecodeTime: start, samples, dataBytes };
}

function encode(
  video: TrackFragment | null,
  audio: TrackFragment | null,
  segmentStart: boolean,
  sequenceNumber: number,
  programDateTimeMs: number,
  frames: FlvFrame[],
): Uint8Array {
  const headerBytes = fragmentHeaderBytes(video?.samples ?? null, audio?.samples ?? null, segmentStart);
  const bytes = new Uint8Array(headerBytes + frames.reduce((sum, frame) => sum + frame.data.length, 0));
  let at = writeFragmentHeader(bytes, 0, { sequenceNumber, segmentStart, programDateTimeMs, video, audio });
  for (const frame of frames) {
    bytes.set(frame.data, at);
    at += frame.data.length;
  }
  return bytes;
}
