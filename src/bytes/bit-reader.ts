import { ProtocolError } from '../errors.ts';

/** Reads bits from the most significant down; throws ProtocolError `truncated` past the end. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bits not read yet. */
  get bitsLeft(): number {
    return this.#bytes.length * 8 - this.#position;
  }

  /** An unsigned number of `count` bits, 0 to 32. */
  readBits(count: number): number {
    this.#need(count);
    let value = 0;
    let left = count;
    while (left > 0) {
      const inByte = 8 - (this.#position & 7);
      const take = Math.min(inByte, left);
      const bits = (this.#bytes[this.#position >>> 3] >>> (inByte - take)) & ((1 << take) - 1);
      // Not a shift: 32-bit values must stay unsigned.
      value = value * (1 << take) + bits;
      this.#position += take;
      left -= take;
    }
    return value;
  }

  /** One bit, 0 or 1. */
  readBit(): number {
    return this.readBits(1);
  }

  /** Unsigned Exp-Golomb, ue(v) (ITU-T H.264, 9.1). */
  readUe(): number {
    let zeros = 0;
    while (this.readBits(1) === 0) {
      zeros += 1;
      if (zeros > 31) throw new ProtocolError('bad_exp_golomb', 'Exp-Golomb code longer than 32 bits');
    }
    return 2 ** zeros - 1 + this.readBits(zeros);
  }

  /** Signed Exp-Golomb, se(v) (ITU-T H.264, 9.1.1). */
  readSe(): number {
    const code = this.readUe();
    return code % 2 === 1 ? (code + 1) / 2 : 0 - code / 2;
  }

  /** Passes over `count` bits. */
  skip(count: number): void {
    this.#need(count);
    this.#position += count;
  }

  #need(count: number): void {
    if (count > this.bitsLeft) throw new ProtocolError('truncated', `${count} bits wanted, ${this.bitsLeft} left`);
  }
}
