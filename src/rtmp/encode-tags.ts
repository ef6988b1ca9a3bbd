import { CHUNK_STREAM } from './chunk-writer.ts';
import type { FlvTag } from './flv-file.ts';
import { MESSAGE_TYPE } from './message-type.ts';

const EXTENDED = 0xffffff;
const TYPE_3 = 0xc0;

/** Tags `from` to `to` as chunks in one piece of memory, each with a type 0 header; `shiftMs` is added to their timestamps. */
export function encodeTags(
  tags: readonly FlvTag[],
  from: number,
  to: number,
  shiftMs: number,
  streamId: number,
  chunkBytes: number,
  allocate: (size: number) => Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (let i = from; i < to; i += 1) {
    const { body, timestampMs } = tags[i];
    const extended = (timestampMs + shiftMs) % 2 ** 32 >= EXTENDED ? 4 : 0;
    const continuations = Math.max(0, Math.ceil(body.length / chunkBytes) - 1);
    size += 12 + extended + body.length + continuations * (1 + extended);
  }
  const out = allocate(size);
  let at = 0;
  for (let i = from; i < to; i += 1) {
    const { type, body, timestampMs } = tags[i];
    const time = (timestampMs + shiftMs) % 2 ** 32;
    const field = Math.min(time, EXTENDED);
    const chunkStream = type === MESSAGE_TYPE.video ? CHUNK_STREAM.video : CHUNK_STREAM.audio;
    out[at] = chunkStream;
    put24(out, at + 1, field);
    put24(out, at + 4, body.length);
    out[at + 7] = type;
    out[at + 8] = streamId;
    out[at + 9] = streamId >>> 8;
    out[at + 10] = streamId >>> 16;
    out[at + 11] = streamId >>> 24;
    at += 12;
    at = putExtended(out, at, field, time);
    for (let sent = 0; sent < body.length; sent += chunkBytes) {
      if (sent > 0) {
        out[at] = TYPE_3 | chunkStream;
        at = putExtended(out, at + 1, field, time);
      }
      const piece = body.length <= chunkBytes ? body : body.subarray(sent, sent + chunkBytes);
      out.set(piece, at);
      at += piece.length;
    }
  }
  return out;
}

function put24(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 16;
  out[at + 1] = value >>> 8;
  out[at + 2] = value;
}

function putExtended(out: Uint8Array, at: number, field: number, time: number): number {
  if (field !== EXTENDED) return at;
  out[at] = time >>> 24;
  put24(out, at + 1, time);
  return at + 4;
}
