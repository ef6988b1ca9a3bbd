import { ProtocolError } from '../errors.ts';
import { BoxCursor, readBoxHeader } from './box-reader.ts';

/** Where one sample's bytes stand. */
export interface SampleRange {
  readonly start: number;
  readonly end: number;
}

const MAX_SAMPLES = 100_000;

/**
 * The samples of each track, by track id, of the fragment at `offset` (`[styp] [prft] moof mdat`), as ranges of `bytes`, which must hold its payload too.
 * As our own files have it: data offsets count from the `moof`. Throws ProtocolError.
 */
export function readFragmentSamples(bytes: Uint8Array, offset: number): Map<number, SampleRange[]> {
  let at = offset;
  let header = readBoxHeader(bytes, at);
  while (header?.type === 'styp' || header?.type === 'prft') {
    at += header.size;
    header = readBoxHeader(bytes, at);
  }
  if (header?.type !== 'moof' || at + header.size > bytes.length)
    throw new ProtocolError('unexpected_box', 'a whole moof is expected');
  const tracks = new Map<number, SampleRange[]>();
  for (const { type, body } of new BoxCursor(bytes, at + header.headerSize, at + header.size).boxes()) {
    if (type === 'traf') readTrack(body, at, tracks);
  }
  return tracks;
}

function readTrack(traf: BoxCursor, moofOffset: number, tracks: Map<number, SampleRange[]>): void {
  const samples: SampleRange[] = [];
  let defaultSize = 0;
  for (const { type, body } of traf.boxes()) {
    if (type === 'tfhd') {
      const flags = body.read32() & 0xff_ffff;
      tracks.set(body.read32(), samples);
      body.skip((flags & 0x01 ? 8 : 0) + (flags & 0x02 ? 4 : 0) + (flags & 0x08 ? 4 : 0));
      if (flags & 0x10) defaultSize = body.read32();
    } else if (type === 'trun') readRun(body, moofOffset, defaultSize, samples);
  }
}

function readRun(trun: BoxCursor, moofOffset: number, defaultSize: number, samples: SampleRange[]): void {
  const flags = trun.read32() & 0xff_ffff;
  const count = trun.read32();
  if (count > MAX_SAMPLES) throw new ProtocolError('too_many_samples', `${count} samples in a run`);
  if (!(flags & 0x01)) throw new ProtocolError('missing_box', 'trun without a data offset');
  let at = moofOffset + (trun.read32() | 0);
  if (flags & 0x04) trun.skip(4);
  for (let i = 0; i < count; i += 1) {
    if (flags & 0x100) trun.skip(4);
    const size = flags & 0x200 ? trun.read32() : defaultSize;
    trun.skip((flags & 0x400 ? 4 : 0) + (flags & 0x800 ? 4 : 0));
    if (at + size > trun.bytes.length)
      throw new ProtocolError('truncated_box', `a sample ends at ${at + size}, the bytes at ${trun.bytes.length}`);
    samples.push({ start: at, end: at + size });
    at += size;
  }
}
