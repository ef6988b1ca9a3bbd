import { fourCharacterCode, put32, put64 } from './put.ts';
import type { SampleColumns } from './sample-columns.ts';
import { trackFragmentBytes, trackRunFlags, writeTrackFragment } from './track-fragment.ts';

/** One track's share of a fragment. */
export interface TrackFragment {
  readonly trackId: number;
  /** Decode time of the first sample, in ticks of the track's timescale: an integer from 0 to 2^53. */
  readonly baseMediaDecodeTime: number;
  readonly samples: SampleColumns;
  /** Sum of the sample sizes: what the track takes in `mdat`. */
  readonly dataBytes: number;
}

/** A fragment to describe. Its `mdat` holds all video samples first, then all audio samples. A track of no samples is left out. */
export interface FragmentDescription {
  /** Grows by one a fragment. */
  readonly sequenceNumber: number;
  /** True writes `styp` and `prft` in front: the fragment begins a segment. */
  readonly segmentStart: boolean;
  /** Wall clock of the first sample's presentation, in ms since 1970; only read at a segment's start. */
  readonly programDateTimeMs: number;
  readonly video: TrackFragment | null;
  readonly audio: TrackFragment | null;
}

const STYP = fourCharacterCode('styp');
const PRFT = fourCharacterCode('prft');
const MOOF = fourCharacterCode('moof');
const MFHD = fourCharacterCode('mfhd');
const MDAT = fourCharacterCode('mdat');
const MSDH = fourCharacterCode('msdh');
const ISO6 = fourCharacterCode('iso6');

const STYP_BYTES = 24;
const PRFT_BYTES = 32;
const MOOF_AND_MFHD_BYTES = 8 + 16;
const MDAT_HEADER_BYTES = 8;
const NTP_EPOCH_SECONDS = 2_208_988_800; // 1900 to 1970, RFC 5905 section 6
// ISO/IEC 14496-12 section 8.16.5: the wall clock was chosen at will, with the same offset to the media in every prft.
const PRFT_FLAGS_CONSISTENT = 8;

/** Exact bytes of `[styp prft] moof` and the `mdat` header for these samples: `writeFragmentHeader` writes no more and no less. */
export function fragmentHeaderBytes(video: SampleColumns | null, audio: SampleColumns | null, segmentStart: boolean): number {
  return (segmentStart ? STYP_BYTES + PRFT_BYTES : 0) + movieFragmentBytes(video, audio) + MDAT_HEADER_BYTES;
}

/** The most that `fragmentHeaderBytes` can say for so many samples: the room to leave in front of a payload that is still growing. */
export function maxFragmentHeaderBytes(videoSamples: number, audioSamples: number): number {
  return 256 + 16 * (videoSamples + audioSamples);
}

/**
 * Writes the header of a fragment from `offset` on, allocating nothing; gives the offset behind it, where the payload begins. To put it right before a
 * payload, let `offset` be where the payload is less `fragmentHeaderBytes`. ISO/IEC 14496-12 sections 8.8 and 8.16.
 */
export function writeFragmentHeader(target: Uint8Array, offset: number, fragment: FragmentDescription): number {
  const video = present(fragment.video);
  const audio = present(fragment.audio);
  const videoBytes = video === null ? 0 : video.dataBytes;
  const audioBytes = audio === null ? 0 : audio.dataBytes;
  let at = offset;
  if (fragment.segmentStart) {
    at = writeSegmentType(target, at);
    if (video !== null) {
      const presentationTime = video.baseMediaDecodeTime + video.samples.compositionOffsets[0];
      at = writeReferenceTime(target, at, fragment.programDateTimeMs, video.trackId, presentationTime);
    } else at = writeReferenceTime(target, at, fragment.programDateTimeMs, audio?.trackId ?? 0, audio?.baseMediaDecodeTime ?? 0);
  }

  const moofBytes = movieFragmentBytes(video === null ? null : video.samples, audio === null ? null : audio.samples);
  const payload = moofBytes + MDAT_HEADER_BYTES;
  at = put32(target, at, moofBytes);
  at = put32(target, at, MOOF);
  at = put32(target, at, 16);
  at = put32(target, at, MFHD);
  at = put32(target, at, 0);
  at = put32(target, at, fragment.sequenceNumber);
  if (video !== null) {
    const run = trackRunFlags(video.samples, true);
    at = writeTrackFragment(target, at, video.trackId, video.baseMediaDecodeTime, video.samples, run, true, payload);
  }
  if (audio !== null) {
    const run = trackRunFlags(audio.samples, false);
    at = writeTrackFragment(
      target,
      at,
      audio.trackId,
      audio.baseMediaDecodeTime,
      audio.samples,
      run,
      false,
      payload + videoBytes,
    );
  }
  at = put32(target, at, MDAT_HEADER_BYTES + videoBytes + audioBytes);
  return put32(target, at, MDAT);
}

function present(track: TrackFragment | null): TrackFragment | null {
  return track !== null && track.samples.count > 0 ? track : null;
}

function movieFragmentBytes(video: SampleColumns | null, audio: SampleColumns | null): number {
  let bytes = MOOF_AND_MFHD_BYTES;
  if (video !== null && video.count > 0) bytes += trackFragmentBytes(video.count, trackRunFlags(video, true));
  if (audio !== null && audio.count > 0) bytes += trackFragmentBytes(audio.count, trackRunFlags(audio, false));
  return bytes;
}

function writeSegmentType(target: Uint8Array, offset: number): number {
  // No CMAF brand: a CMAF track file holds one track, ours are muxed (ISO/IEC 23000-19 section 7.3.2). No `msix`: there is no sidx.
  let at = put32(target, offset, STYP_BYTES);
  at = put32(target, at, STYP);
  at = put32(target, at, MSDH);
  at = put32(target, at, 0);
  at = put32(target, at, MSDH);
  return put32(target, at, ISO6);
}

function writeReferenceTime(target: Uint8Array, offset: number, wallClockMs: number, trackId: number, mediaTime: number): number {
  const seconds = Math.floor(wallClockMs / 1000);
  let at = put32(target, offset, PRFT_BYTES);
  at = put32(target, at, PRFT);
  at = put32(target, at, (1 << 24) | PRFT_FLAGS_CONSISTENT);
  at = put32(target, at, trackId);
  at = put32(target, at, seconds + NTP_EPOCH_SECONDS); // wraps in 2036, as NTP does
  at = put32(target, at, Math.floor(((wallClockMs - seconds * 1000) * 0x1_0000_0000) / 1000));
  return put64(target, at, Math.max(0, mediaTime));
}
