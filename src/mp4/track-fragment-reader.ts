import { ProtocolError } from '../errors.ts';
import type { BoxCursor } from './box-reader.ts';

/** What a `traf` tells of its track's samples. */
export interface TrackSummary {
  readonly trackId: number;
  readonly baseMediaDecodeTime: number;
  readonly sampleCount: number;
  /** Sum of the sample durations, in ticks of the track's timescale. */
  readonly duration: number;
  /** Sum of the sample sizes. */
  readonly dataBytes: number;
  /** True when the first sample is a sync sample. */
  readonly startsWithSync: boolean;
  /** pts - dts of the first sample, in ticks of the track's timescale. */
  readonly firstCompositionOffset: number;
}

interface Defaults {
  duration: number | null;
  size: number | null;
  flags: number | null;
}

const NON_SYNC_BIT = 0x1_0000;
const MAX_SAMPLES = 100_000;

/** Reads the body of a `traf` box (ISO/IEC 14496-12 section 8.8.6). Defaults must stand in its `tfhd`, as ours do; `trex` is not asked. */
export function readTrackFragment(traf: BoxCursor): TrackSummary {
  let trackId: number | null = null;
  let baseMediaDecodeTime: number | null = null;
  const defaults: Defaults = { duration: null, size: null, flags: null };
  let summary = { sampleCount: 0, duration: 0, dataBytes: 0, startsWithSync: false, firstCompositionOffset: 0 };
  for (const { type, body } of traf.boxes()) {
    if (type === 'tfhd') trackId = readTrackHeader(body, defaults);
    else if (type === 'tfdt') baseMediaDecodeTime = body.read32() >>> 24 === 1 ? body.read64() : body.read32();
    else if (type === 'trun' && summary.sampleCount === 0) summary = readRun(body, defaults);
    else if (type === 'trun') throw new ProtocolError('unexpected_box', 'a second trun in one traf');
  }
  if (trackId === null || baseMediaDecodeTime === null) throw new ProtocolError('missing_box', 'traf without tfhd or tfdt');
  return { trackId, baseMediaDecodeTime, ...summary };
}

function readTrackHeader(tfhd: BoxCursor, defaults: Defaults): number {
  const flags = tfhd.read32() & 0xff_ffff;
  const trackId = tfhd.read32();
  if (flags & 0x01) tfhd.skip(8);
  if (flags & 0x02) tfhd.skip(4);
  if (flags & 0x08) defaults.duration = tfhd.read32();
  if (flags & 0x10) defaults.size = tfhd.read32();
  if (flags & 0x20) defaults.flags = tfhd.read32();
  return trackId;
}

function readRun(trun: BoxCursor, defaults: Defaults): Omit<TrackSummary, 'trackId' | 'baseMediaDecodeTime'> {
  const flags = trun.read32() & 0xff_ffff;
  const sampleCount = trun.read32();
  if (sampleCount > MAX_SAMPLES) throw new ProtocolError('too_many_samples', `${sampleCount} samples in a run`);
  if (flags & 0x01) trun.skip(4);
  const firstFlags = flags & 0x04 ? trun.read32() : null;
  const summary = { sampleCount, duration: 0, dataBytes: 0, startsWithSync: false, firstCompositionOffset: 0 };
  for (let i = 0; i < sampleCount; i += 1) {
    summary.duration += flags & 0x100 ? trun.read32() : known(defaults.duration, 'duration');
    summary.dataBytes += flags & 0x200 ? trun.read32() : known(defaults.size, 'size');
    const own = flags & 0x400 ? trun.read32() : null;
    const offset = flags & 0x800 ? trun.read32() | 0 : 0;
    if (i > 0) continue;
    summary.startsWithSync = ((firstFlags ?? own ?? known(defaults.flags, 'flags')) & NON_SYNC_BIT) === 0;
    summary.firstCompositionOffset = offset;
  }
  return summary;
}

function known(value: number | null, name: string): number {
  if (value === null) throw new ProtocolError('missing_default', `tfhd tells no default ${name}`);
  return value;
}
