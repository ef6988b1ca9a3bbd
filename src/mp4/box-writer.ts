import { fourCharacterCode, put32 } from './put.ts';

/** Writes boxes (ISO/IEC 14496-12 section 4.2) into one array that grows, one inside another: a box is as long as what is written while it is open. */
export class BoxWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** A box with what `fill` writes. */
  box(type: string, fill: () => void): this {
    const start = this.#length;
    this.u32(0).codes(type);
    fill();
    put32(this.#bytes, start, this.#length - start);
    return this;
  }

  /** A box that begins with a version and 24 bits of flags. */
  fullBox(type: string, version: number, flags: number, fill: () => void = () => undefined): this {
    return this.box(type, () => {
      this.u32((version << 24) | flags);
      fill();
    });
  }

  u8(value: number): this {
    const at = this.#grow(1); // first: the array may be another then
    this.#bytes[at] = value;
    return this;
  }

  u16(...values: number[]): this {
    for (const value of values) {
      const at = this.#grow(2);
      this.#bytes[at] = value >>> 8;
      this.#bytes[at + 1] = value;
    }
    return this;
  }

  u32(...values: number[]): this {
    for (const value of values) {
      const at = this.#grow(4);
      put32(this.#bytes, at, value);
    }
    return this;
  }

  /** Four-character codes. */
  codes(...texts: string[]): this {
    for (const text of texts) this.u32(fourCharacterCode(text));
    return this;
  }

  zeros(count: number): this {
    const at = this.#grow(count);
    this.#bytes.fill(0, at, at + count);
    return this;
  }

  bytes(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** All that was written, as its own array. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #grow(count: number): number {
    const at = this.#length;
    this.#length = at + count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
    }
    return at;
  }
}
