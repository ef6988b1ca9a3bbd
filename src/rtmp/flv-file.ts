import { ByteReader } from '../bytes/byte-reader.ts';
import { ProtocolError } from '../errors.ts';
import { MESSAGE_TYPE } from './message-type.ts';

/** One tag of an FLV file. */
export interface FlvTag {
  /** As in RTMP: 8 audio, 9 video, 18 data. */
  readonly type: number;
  readonly timestampMs: number;
  /** A view of the file's bytes. */
  readonly body: Uint8Array;
}

/** What an FLV file holds, ready to be published in a loop. */
export interface FlvFile {
  /** The body of onMetaData, or null. */
  readonly metadata: Uint8Array | null;
  /** Codec configurations, to be sent once. */
  readonly configs: readonly FlvTag[];
  /** Frames, timestamps from 0 on. */
  readonly frames: readonly FlvTag[];
  /** How long one turn lasts: as long as the longer track. */
  readonly durationMs: number;
}

const SIGNATURE = 0x464c56;
const HEADER_BYTES = 9;
const BACK_POINTER_BYTES = 4;

/** Parses an FLV file (Adobe Flash Video File Format 10.1, annex E). A torn last tag is left out. Throws ProtocolError `bad_flv` or `truncated`. */
export function parseFlvFile(bytes: Uint8Array): FlvFile {
  const reader = new ByteReader(bytes);
  if (reader.u24() !== SIGNATURE) throw new ProtocolError('bad_flv', 'not an FLV file');
  reader.skip(2);
  const headerBytes = reader.u32();
  if (headerBytes < HEADER_BYTES) throw new ProtocolError('bad_flv', `a header of ${headerBytes} bytes`);
  reader.skip(headerBytes - HEADER_BYTES + BACK_POINTER_BYTES);
  let metadata: Uint8Array | null = null;
  const configs: FlvTag[] = [];
  const frames: FlvTag[] = [];
  while (reader.left >= 11) {
    const type = reader.u8() & 0x1f;
    const size = reader.u24();
    const timestampMs = reader.u24() + reader.u8() * 0x1000000;
    reader.skip(3);
    if (reader.left < size) break;
    const tag: FlvTag = { type, timestampMs, body: reader.bytes(size) };
    reader.skip(Math.min(BACK_POINTER_BYTES, reader.left));
    if (type === MESSAGE_TYPE.data) metadata ??= tag.body;
    else if (isConfigTag(tag)) configs.push(tag);
    else if (isFrameTag(tag)) frames.push(tag);
  }
  if (frames.length === 0) throw new ProtocolError('bad_flv', 'no frames');
  const start = Math.min(...configs.map((tag) => tag.timestampMs), frames[0].timestampMs);
  const fromZero = (tag: FlvTag): FlvTag => ({ ...tag, timestampMs: Math.max(0, tag.timestampMs - start) });
  const timed = frames.map(fromZero);
  return {
    metadata,
    configs: configs.map(fromZero),
    frames: timed,
    durationMs: Math.max(turn(timed, MESSAGE_TYPE.video), turn(timed, MESSAGE_TYPE.audio)),
  };
}

/** How long a track lasts from its first frame on, its last frame taken to be as long as the others on average. */
function turn(frames: readonly FlvTag[], type: number): number {
  const times = frames.filter((tag) => tag.type === type).map((tag) => tag.timestampMs);
  if (times.length === 0) return 0;
  const first = times[0];
  const last = times[times.length - 1];
  return times.length === 1 ? 1 : Math.round(((last - first) * times.length) / (times.length - 1));
}

/** A codec configuration. */
export function isConfigTag({ type, body }: FlvTag): boolean {
  if (type === MESSAGE_TYPE.video) return body[0] & 0x80 ? (body[0] & 15) === 0 : (body[0] & 15) === 7 && body[1] === 0;
  return type === MESSAGE_TYPE.audio && (body[0] >> 4 === 9 ? (body[0] & 15) === 0 : body[0] >> 4 === 10 && body[1] === 0);
}

/** A frame of audio or video. */
export function isFrameTag({ type, body }: FlvTag): boolean {
  if (type === MESSAGE_TYPE.audio) return body.length > 2;
  // 2 in the second byte: end of sequence.
  return type === MESSAGE_TYPE.video && body.length > 5 && ((body[0] & 0x80) !== 0 || body[1] === 1);
}
