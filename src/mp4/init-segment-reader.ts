import { decodeAacConfig } from '../media/aac.ts';
import { decodeAv1Config } from '../media/av1.ts';
import { decodeAvcConfig } from '../media/avc.ts';
import { decodeHevcConfig } from '../media/hevc.ts';
import { decodeOpusConfig } from '../media/opus.ts';
import type { TrackConfig } from '../media/track.ts';
import { ProtocolError } from '../errors.ts';
import { boxesWithin, readBoxHeader } from './box-reader.ts';
import type { BoxCursor } from './box-reader.ts';
import { decodeElementaryStreamDescriptor } from './elementary-stream-descriptor.ts';

/** One track of an initialization segment. */
export interface TrackDescription {
  readonly trackId: number;
  /** Ticks a second. */
  readonly timescale: number;
  readonly config: TrackConfig;
}

const VISUAL_ENTRY_BYTES = 78;
const AUDIO_ENTRY_BYTES = 28;

/** How each configuration box is decoded; `esds` has a version and flags in front. */
const CONFIG_DECODERS: Record<string, (body: BoxCursor) => TrackConfig> = {
  avcC: (body) => decodeAvcConfig(body.rest()),
  hvcC: (body) => decodeHevcConfig(body.rest()),
  av1C: (body) => decodeAv1Config(body.rest()),
  dOps: (body) => decodeOpusConfig(body.rest()),
  esds: (body) => {
    body.skip(4);
    return decodeAacConfig(decodeElementaryStreamDescriptor(body.rest()));
  },
};

/** How many bytes the initialization segment at the start of `bytes` has (`ftyp` and `moov`), or null when its end is not there. Throws ProtocolError. */
export function measureInitSegment(bytes: Uint8Array): number | null {
  let at = 0;
  for (const expected of ['ftyp', 'moov']) {
    const header = readBoxHeader(bytes, at);
    if (header === null) return null;
    if (header.type !== expected) throw new ProtocolError('unexpected_box', `${expected} expected, ${header.type} found`);
    at += header.size;
  }
  return at <= bytes.length ? at : null;
}

/** The tracks of an initialization segment (`ftyp`, `moov`; nothing behind), in file order. Throws ProtocolError. */
export function parseInitSegment(bytes: Uint8Array): TrackDescription[] {
  const tracks: TrackDescription[] = [];
  for (const { type, body } of boxesWithin(bytes, 0, bytes.length)) {
    if (type !== 'moov') continue;
    for (const child of body.boxes()) if (child.type === 'trak') tracks.push(readTrack(child.body));
  }
  if (tracks.length === 0) throw new ProtocolError('missing_box', 'no track in the initialization segment');
  return tracks;
}

function readTrack(trak: BoxCursor): TrackDescription {
  const header = find(trak, 'tkhd');
  header.skip(versioned(header, 16, 8));
  const media = find(trak, 'mdia');
  const clock = find(media, 'mdhd');
  clock.skip(versioned(clock, 16, 8));
  const entries = find(media, 'minf', 'stbl', 'stsd');
  entries.skip(8); // version, flags, entry count: the first is taken
  const [entry] = entries.boxes();
  if (entry === undefined) throw new ProtocolError('missing_box', 'stsd without an entry');
  return { trackId: header.read32(), timescale: clock.read32(), config: readSampleEntry(entry.type, entry.body) };
}

function readSampleEntry(type: string, entry: BoxCursor): TrackConfig {
  entry.skip(type === 'mp4a' || type === 'Opus' ? AUDIO_ENTRY_BYTES : VISUAL_ENTRY_BYTES);
  for (const { type: child, body } of entry.boxes()) {
    const decode = CONFIG_DECODERS[child];
    if (decode !== undefined) return decode(body);
  }
  throw new ProtocolError('unsupported_codec', `sample entry ${type}`);
}

/** Reads version and flags; gives how much to skip by the version. */
function versioned(body: BoxCursor, longer: number, shorter: number): number {
  return body.read32() >>> 24 === 1 ? longer : shorter;
}

function find(parent: BoxCursor, ...path: string[]): BoxCursor {
  let found = parent;
  for (const wanted of path) {
    let next: BoxCursor | null = null;
    for (const { type, body } of found.boxes()) if (type === wanted) next ??= body;
    if (next === null) throw new ProtocolError('missing_box', `no ${wanted}`);
    found = next;
  }
  return found;
}
