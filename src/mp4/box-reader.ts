import { ProtocolError } from '../errors.ts';
import { fourCharacterText } from './put.ts';

/** A box as its header tells it; `size` counts the header, and may reach past what has been read so far. */
export interface BoxHeader {
  readonly type: string;
  readonly size: number;
  readonly headerSize: number;
}

/**
 * The box header at `offset`, or null when it is not all there before `limit` (default: the end of `bytes`). Throws ProtocolError `bad_box_size` when no
 * box can have it, `bad_box_type` when the type is not printable (ISO/IEC 14496-12 section 4.2).
 */
export function readBoxHeader(bytes: Uint8Array, offset: number, limit: number = bytes.length): BoxHeader | null {
  const end = Math.min(limit, bytes.length);
  if (end - offset < 8) return null;
  const cursor = new BoxCursor(bytes, offset, end);
  let size = cursor.read32();
  const type = fourCharacterText(cursor.read32());
  let headerSize = 8;
  if (size === 1) {
    if (end - offset < 16) return null;
    size = cursor.read64();
    headerSize = 16;
  }
  // Size 0 (to the end of the file) is refused too: nothing we write or read has it.
  if (size < headerSize) throw new ProtocolError('bad_box_size', `box ${type} of ${size} bytes`);
  if (type.includes('?')) throw new ProtocolError('bad_box_type', `box type ${type}`);
  return { type, size, headerSize };
}

/** The boxes that fill `bytes` from `from` to `to`, as cursors over their bodies. Throws ProtocolError when they do not fit. */
export function* boxesWithin(bytes: Uint8Array, from: number, to: number): Generator<{ type: string; body: BoxCursor }> {
  for (let at = from; at < to;) {
    const header = readBoxHeader(bytes, at, to);
    if (header === null || at + header.size > to) throw new ProtocolError('truncated_box', `box at ${at} is cut at ${to}`);
    yield { type: header.type, body: new BoxCursor(bytes, at + header.headerSize, at + header.size) };
    at += header.size;
  }
}

/** Reads the fields of a box one after another; throws ProtocolError `truncated_box` past its end. */
export class BoxCursor {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  read8(): number {
    return this.bytes[this.#pass(1)];
  }

  read16(): number {
    return this.read8() * 0x100 + this.read8();
  }

  read32(): number {
    return this.read16() * 0x1_0000 + this.read16();
  }

  /** Throws ProtocolError above 2^53 - 1. */
  read64(): number {
    const value = this.read32() * 0x1_0000_0000 + this.read32();
    if (!Number.isSafeInteger(value)) throw new ProtocolError('number_too_large', 'a 64-bit field is 2^53 or more');
    return value;
  }

  skip(count: number): void {
    this.#pass(count);
  }

  /** All that is left, not copied. */
  rest(): Uint8Array {
    return this.bytes.subarray(this.at, this.end);
  }

  /** The boxes in all that is left. */
  boxes(): Generator<{ type: string; body: BoxCursor }> {
    return boxesWithin(this.bytes, this.at, this.end);
  }

  #pass(count: number): number {
    const at = this.at;
    if (at + count > this.end || this.end > this.bytes.length)
      throw new ProtocolError('truncated_box', `${count} bytes wanted, ${this.end - at} left`);
    this.at = at + count;
    return at;
  }
}
