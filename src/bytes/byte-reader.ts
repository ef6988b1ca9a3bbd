import { ProtocolError } from '../errors.ts';

const utf8 = new TextDecoder();

/** Reads big-endian values from a range of bytes; throws ProtocolError `truncated` past its end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #offset: number;

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#offset = offset;
    this.#end = Math.min(end, bytes.length);
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#end - this.#offset;
  }

  /** Where the next read begins, counted from the start of the whole array. */
  get offset(): number {
    return this.#offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  /** The next byte without reading it. */
  peek(): number {
    if (this.left < 1) throw new ProtocolError('truncated', 'one byte wanted, none left');
    return this.#view.getUint8(this.#offset);
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  i16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  u24(): number {
    const at = this.#take(3);
    return (this.#bytes[at] << 16) | (this.#bytes[at + 1] << 8) | this.#bytes[at + 2];
  }

  i24(): number {
    return (this.u24() << 8) >> 8;
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  u32le(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  /** An unsigned 64-bit number; ProtocolError `number_too_large` beyond 2^53 - 1. */
  u64(): number {
    const value = this.u32() * 2 ** 32 + this.u32();
    if (!Number.isSafeInteger(value)) throw new ProtocolError('number_too_large', '64-bit number beyond 2^53 - 1');
    return value;
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  /** The next `count` bytes, a view. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }

  /** The next `count` bytes as UTF-8; wrong sequences become U+FFFD. */
  utf8(count: number): string {
    return utf8.decode(this.bytes(count));
  }

  skip(count: number): void {
    this.#take(count);
  }

  #take(count: number): number {
    const at = this.#offset;
    if (count > this.#end - at) throw new ProtocolError('truncated', `${count} bytes wanted, ${this.#end - at} left`);
    this.#offset = at + count;
    return at;
  }
}
