import { fourCharacterCode, put32, put64 } from './put.ts';
import type { SampleColumns } from './sample-columns.ts';

const TRAF = fourCharacterCode('traf');
const TFHD = fourCharacterCode('tfhd');
const TFDT = fourCharacterCode('tfdt');
const TRUN = fourCharacterCode('trun');

// ISO/IEC 14496-12 section 8.8.7.1
const DEFAULT_DURATION = 0x08;
const DEFAULT_SIZE = 0x10;
const DEFAULT_FLAGS = 0x20;
const DEFAULT_BASE_IS_MOOF = 0x02_0000;
// ISO/IEC 14496-12 section 8.8.8.1
const DATA_OFFSET = 0x01;
const FIRST_SAMPLE_FLAGS = 0x04;
const SAMPLE_DURATION = 0x100;
const SAMPLE_SIZE = 0x200;
const SAMPLE_FLAGS = 0x400;
const SAMPLE_COMPOSITION = 0x800;

/** Sample flags of a sync sample: depends on no other (ISO/IEC 14496-12 section 8.8.3.1). */
export const SYNC_SAMPLE_FLAGS = 0x0200_0000;
/** Sample flags of any other sample: depends on others, is not a sync sample. */
export const NON_SYNC_SAMPLE_FLAGS = 0x0101_0000;

/**
 * How the `trun` of these samples is laid out, as its own flags: a field that agrees in all samples is left out of the run and stands once in `tfhd`.
 * The flags are the whole plan, so that the size and the bytes follow from them without allocating.
 */
export function trackRunFlags(samples: SampleColumns, video: boolean): number {
  const { count, sizes, durations, compositionOffsets, flags } = samples;
  let run = DATA_OFFSET;
  for (let i = 1; i < count; i += 1) {
    if (durations[i] !== durations[0]) run |= SAMPLE_DURATION;
    if (sizes[i] !== sizes[0]) run |= SAMPLE_SIZE;
  }
  if (!video) return run;
  let restAgrees = true;
  for (let i = 0; i < count; i += 1) {
    if (compositionOffsets[i] !== 0) run |= SAMPLE_COMPOSITION;
    if (i > 1 && flags[i] !== flags[1]) restAgrees = false;
  }
  if (!restAgrees) return run | SAMPLE_FLAGS;
  return count > 1 && flags[0] !== flags[1] ? run | FIRST_SAMPLE_FLAGS : run;
}

/** Bytes of the `traf` box of `count` samples in a run with these flags. */
export function trackFragmentBytes(count: number, run: number): number {
  return 8 + trackHeaderBytes(run) + 20 + trackRunBytes(count, run);
}

function trackHeaderBytes(run: number): number {
  return 16 + (run & SAMPLE_DURATION ? 0 : 4) + (run & SAMPLE_SIZE ? 0 : 4) + (run & SAMPLE_FLAGS ? 0 : 4);
}

function trackRunBytes(count: number, run: number): number {
  const fields =
    (run & SAMPLE_DURATION ? 4 : 0) +
    (run & SAMPLE_SIZE ? 4 : 0) +
    (run & SAMPLE_FLAGS ? 4 : 0) +
    (run & SAMPLE_COMPOSITION ? 4 : 0);
  return 20 + (run & FIRST_SAMPLE_FLAGS ? 4 : 0) + count * fields;
}

/**
 * Writes a `traf` box (tfhd, tfdt, trun) at `offset`, gives the offset behind it. `dataOffset` is where the samples begin, counted from the start of `moof`.
 */
export function writeTrackFragment(
  target: Uint8Array,
  offset: number,
  trackId: number,
  baseMediaDecodeTime: number,
  samples: SampleColumns,
  run: number,
  video: boolean,
  dataOffset: number,
): number {
  const { count, sizes, durations, compositionOffsets, flags } = samples;
  const commonFlags = video ? sampleFlags(flags[count > 1 ? 1 : 0]) : SYNC_SAMPLE_FLAGS;
  let at = put32(target, offset, trackFragmentBytes(count, run));
  at = put32(target, at, TRAF);

  at = put32(target, at, trackHeaderBytes(run));
  at = put32(target, at, TFHD);
  const defaults =
    (run & SAMPLE_DURATION ? 0 : DEFAULT_DURATION) |
    (run & SAMPLE_SIZE ? 0 : DEFAULT_SIZE) |
    (run & SAMPLE_FLAGS ? 0 : DEFAULT_FLAGS);
  at = put32(target, at, DEFAULT_BASE_IS_MOOF | defaults);
  at = put32(target, at, trackId);
  if (!(run & SAMPLE_DURATION)) at = put32(target, at, durations[0]);
  if (!(run & SAMPLE_SIZE)) at = put32(target, at, sizes[0]);
  if (!(run & SAMPLE_FLAGS)) at = put32(target, at, commonFlags);

  at = put32(target, at, 20);
  at = put32(target, at, TFDT);
  at = put32(target, at, 1 << 24);
  at = put64(target, at, baseMediaDecodeTime);

  at = put32(target, at, trackRunBytes(count, run));
  at = put32(target, at, TRUN);
  at = put32(target, at, (1 << 24) | run);
  at = put32(target, at, count);
  at = put32(target, at, dataOffset);
  if (run & FIRST_SAMPLE_FLAGS) at = put32(target, at, sampleFlags(flags[0]));
  for (let i = 0; i < count; i += 1) {
    if (run & SAMPLE_DURATION) at = put32(target, at, durations[i]);
    if (run & SAMPLE_SIZE) at = put32(target, at, sizes[i]);
    if (run & SAMPLE_FLAGS) at = put32(target, at, sampleFlags(flags[i]));
    if (run & SAMPLE_COMPOSITION) at = put32(target, at, compositionOffsets[i]);
  }
  return at;
}

function sampleFlags(flag: number): number {
  return flag === 1 ? SYNC_SAMPLE_FLAGS : NON_SYNC_SAMPLE_FLAGS;
}
