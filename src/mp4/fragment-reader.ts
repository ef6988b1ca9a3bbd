import { ProtocolError } from '../errors.ts';
import { BoxCursor, readBoxHeader } from './box-reader.ts';
import { readTrackFragment } from './track-fragment-reader.ts';
import type { TrackSummary } from './track-fragment-reader.ts';

/** What a `moof` tells. */
export interface MovieFragmentSummary {
  readonly sequenceNumber: number;
  readonly tracks: readonly TrackSummary[];
}

/** What a whole fragment's header tells, from its first byte (`styp` at a segment's start, else `moof`) to its payload. */
export interface FragmentSummary extends MovieFragmentSummary {
  /** True when `styp` came in front. */
  readonly segmentStart: boolean;
  /** Wall clock of the first presentation in ms since 1970, out of `prft`; null without. */
  readonly programDateTimeMs: number | null;
  /** Bytes up to the payload: the `mdat` header is counted. */
  readonly headerBytes: number;
  /** Bytes of the payload; they need not be there. */
  readonly payloadBytes: number;
}

/** The most bytes of `moof` we take for real: some 4000 samples. */
export const MAX_MOVIE_FRAGMENT_BYTES = 65_536;

const NTP_EPOCH_SECONDS = 2_208_988_800;
const NTP_ERA_SECONDS = 0x1_0000_0000;

/**
 * Reads a fragment's header at `offset`: `[styp] [prft] moof mdat`. Null when `bytes` end before the payload begins: read more, or the file is torn here.
 * Throws ProtocolError when this is no fragment of ours.
 */
export function parseFragmentHeader(bytes: Uint8Array, offset: number): FragmentSummary | null {
  let segmentStart = false;
  let programDateTimeMs: number | null = null;
  let movie: MovieFragmentSummary | null = null;
  let at = offset;
  for (;;) {
    const header = readBoxHeader(bytes, at);
    if (header === null) return null;
    if (header.type === 'mdat' && movie !== null)
      return checked(movie, header.size - header.headerSize, at + header.headerSize - offset);
    if (header.size > MAX_MOVIE_FRAGMENT_BYTES)
      throw new ProtocolError('box_too_long', `box ${header.type} of ${header.size} bytes`);
    if (at + header.size > bytes.length) return null;
    const body = new BoxCursor(bytes, at + header.headerSize, at + header.size);
    if (header.type === 'styp' && at === offset) segmentStart = true;
    else if (header.type === 'prft' && movie === null) programDateTimeMs = readReferenceTime(body);
    else if (header.type === 'moof' && movie === null) movie = readMovieFragment(body);
    else throw new ProtocolError('unexpected_box', `box ${header.type} in a fragment's header`);
    at += header.size;
  }

  function checked(summary: MovieFragmentSummary, payloadBytes: number, headerBytes: number): FragmentSummary {
    const described = summary.tracks.reduce((sum, track) => sum + track.dataBytes, 0);
    if (described !== payloadBytes)
      throw new ProtocolError('payload_mismatch', `mdat has ${payloadBytes} bytes, its samples ${described}`);
    return { ...summary, segmentStart, programDateTimeMs, headerBytes, payloadBytes };
  }
}

/** Reads the `moof` box at `moofOffset`, which must be whole. Throws ProtocolError. */
export function parseFragment(bytes: Uint8Array, moofOffset: number): MovieFragmentSummary {
  const header = readBoxHeader(bytes, moofOffset);
  if (header === null || moofOffset + header.size > bytes.length) throw new ProtocolError('truncated_box', 'moof is cut');
  if (header.type !== 'moof') throw new ProtocolError('unexpected_box', `moof expected, ${header.type} found`);
  return readMovieFragment(new BoxCursor(bytes, moofOffset + header.headerSize, moofOffset + header.size));
}

function readMovieFragment(moof: BoxCursor): MovieFragmentSummary {
  let sequenceNumber: number | null = null;
  const tracks: TrackSummary[] = [];
  for (const { type, body } of moof.boxes()) {
    if (type === 'mfhd') {
      body.skip(4);
      sequenceNumber = body.read32();
    } else if (type === 'traf') tracks.push(readTrackFragment(body));
  }
  if (sequenceNumber === null) throw new ProtocolError('missing_box', 'moof without mfhd');
  return { sequenceNumber, tracks };
}

function readReferenceTime(prft: BoxCursor): number {
  prft.skip(4 + 4);
  let seconds = prft.read32();
  // Seconds since 1900 wrap in 2036; what lies before 1970 is of the next era (RFC 4330 section 3).
  if (seconds < NTP_EPOCH_SECONDS) seconds += NTP_ERA_SECONDS;
  return (seconds - NTP_EPOCH_SECONDS) * 1000 + Math.round((prft.read32() * 1000) / 0x1_0000_0000);
}
