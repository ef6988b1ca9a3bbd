import { fourCharacterCode, put32 } from './put.ts';

/** Bytes of a box (ISO/IEC 14496-12 section 4.2): its header, then the parts one after another. Allocates: for boxes written once a session. */
export function encodeBox(type: string, ...parts: Uint8Array[]): Uint8Array {
  const bytes = concatenate([new Uint8Array(8), ...parts]);
  put32(bytes, 0, bytes.length);
  put32(bytes, 4, fourCharacterCode(type));
  return bytes;
}

/** A box that begins with a version and 24 bits of flags. */
export function encodeFullBox(type: string, version: number, flags: number, ...parts: Uint8Array[]): Uint8Array {
  return encodeBox(type, uint32s((version << 24) | flags), ...parts);
}

/** 32-bit fields, big-endian. */
export function uint32s(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  values.forEach((value, i) => put32(bytes, 4 * i, value));
  return bytes;
}

/** 16-bit fields, big-endian. */
export function uint16s(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(2 * values.length);
  values.forEach((value, i) => {
    bytes[2 * i] = value >>> 8;
    bytes[2 * i + 1] = value;
  });
  return bytes;
}

/** Bytes as they are. */
export function uint8s(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

/** Four-character codes, one after another. */
export function codes(...texts: string[]): Uint8Array {
  return uint32s(...texts.map(fourCharacterCode));
}

function concatenate(parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
