/** Writes `value` (0 … 2^32 - 1, or a negative 32-bit integer in two's complement) big-endian at `at`; gives the offset behind it. */
export function put32(target: Uint8Array, at: number, value: number): number {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
  return at + 4;
}

/** Writes a non-negative integer up to 2^53 as 64 bits big-endian at `at`; gives the offset behind it. */
export function put64(target: Uint8Array, at: number, value: number): number {
  put32(target, at, Math.floor(value / 0x1_0000_0000));
  return put32(target, at + 4, value);
}

/** A four-character code as the 32-bit number that stands for it on the wire. */
export function fourCharacterCode(text: string): number {
  return ((text.charCodeAt(0) << 24) | (text.charCodeAt(1) << 16) | (text.charCodeAt(2) << 8) | text.charCodeAt(3)) >>> 0;
}

/** The four characters of a code read from the wire; bytes outside printable ASCII show as `?`. */
export function fourCharacterText(code: number): string {
  let text = '';
  for (let shift = 24; shift >= 0; shift -= 8) {
    const byte = (code >>> shift) & 0xff;
    text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?';
  }
  return text;
}
