import { ProtocolError } from '../errors.ts';
import { isConfigTag, isFrameTag } from './flv-file.ts';
import type { FlvTag } from './flv-file.ts';
import { DEFAULT_RTMP_LIMITS } from './limits.ts';
import { MESSAGE_TYPE } from './message-type.ts';

/** A tag, and what it is to a publisher. */
export interface FlvEvent {
  readonly kind: 'metadata' | 'config' | 'frame';
  readonly tag: FlvTag;
}

const SIGNATURE = 0x464c56;
const FILE_HEADER_BYTES = 9;
const TAG_HEADER_BYTES = 11;
const BACK_POINTER_BYTES = 4;

/** Takes an FLV stream apart as it comes (Adobe Flash Video File Format 10.1, annex E); a torn last tag is left out. */
export class FlvReader {
  #rest: Uint8Array = new Uint8Array(0);
  /** Bytes to pass over in front of the next tag; -1 before the file's header. */
  #skip = -1;

  /** What the bytes complete. Throws ProtocolError `bad_flv`. */
  push(bytes: Uint8Array): FlvEvent[] {
    let data = bytes;
    if (this.#rest.length > 0) {
      data = new Uint8Array(this.#rest.length + bytes.length);
      data.set(this.#rest);
      data.set(bytes, this.#rest.length);
    }
    const events: FlvEvent[] = [];
    let at = 0;
    for (;;) {
      if (this.#skip < 0) {
        if (data.length < FILE_HEADER_BYTES) break;
        const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
        if (view.getUint32(0) >>> 8 !== SIGNATURE) throw new ProtocolError('bad_flv', 'not an FLV stream');
        const headerBytes = view.getUint32(5);
        if (headerBytes < FILE_HEADER_BYTES || headerBytes > 0xffff)
          throw new ProtocolError('bad_flv', `a header of ${headerBytes} bytes`);
        this.#skip = headerBytes + BACK_POINTER_BYTES;
      }
      const passed = Math.min(this.#skip, data.length - at);
      at += passed;
      this.#skip -= passed;
      if (data.length - at < TAG_HEADER_BYTES) break;
      const size = (data[at + 1] << 16) | (data[at + 2] << 8) | data[at + 3];
      if (size > DEFAULT_RTMP_LIMITS.mediaBytes) throw new ProtocolError('bad_flv', `a tag of ${size} bytes`);
      if (data.length - at < TAG_HEADER_BYTES + size) break;
      const timestampMs = ((data[at + 4] << 16) | (data[at + 5] << 8) | data[at + 6]) + data[at + 7] * 0x1000000;
      const tag: FlvTag = {
        type: data[at] & 0x1f,
        timestampMs,
        body: data.slice(at + TAG_HEADER_BYTES, at + TAG_HEADER_BYTES + size),
      };
      const kind = kindOf(tag);
      if (kind !== null) events.push({ kind, tag });
      at += TAG_HEADER_BYTES + size;
      this.#skip = BACK_POINTER_BYTES;
    }
    this.#rest = data.slice(at);
    return events;
  }
}

function kindOf(tag: FlvTag): FlvEvent['kind'] | null {
  if (tag.type === MESSAGE_TYPE.data) return 'metadata';
  if (isConfigTag(tag)) return 'config';
  return isFrameTag(tag) ? 'frame' : null;
}
