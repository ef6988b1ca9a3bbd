import { ByteWriter } from '../bytes/byte-writer.ts';
import { fourCharacterCode } from './put.ts';

/** Writes boxes (ISO/IEC 14496-12 section 4.2), one inside another: a box is as long as what is written while it is open. */
export class BoxWriter extends ByteWriter {
  constructor(capacity = 1024) {
    super(capacity);
  }

  /** A box with what `fill` writes. */
  box(type: string, fill: () => void): this {
    const start = this.length;
    this.u32(0).codes(type);
    fill();
    return this.setU32(start, this.length - start);
  }

  /** A box that begins with a version and 24 bits of flags. */
  fullBox(type: string, version: number, flags: number, fill: () => void = () => undefined): this {
    return this.box(type, () => {
      this.u32((version << 24) | flags);
      fill();
    });
  }

  u16s(...values: number[]): this {
    for (const value of values) this.u16(value);
    return this;
  }

  u32s(...values: number[]): this {
    for (const value of values) this.u32(value);
    return this;
  }

  /** Four-character codes. */
  codes(...texts: string[]): this {
    for (const text of texts) this.u32(fourCharacterCode(text));
    return this;
  }
}
