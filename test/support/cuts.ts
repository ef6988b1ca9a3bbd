import { seededRandom } from './fuzz.ts';

/** The ways a push parser is fed the same bytes: whole, byte by byte, cut at seeded random places. */
export function* cuts(bytes: Uint8Array, rounds = 20): Generator<{ name: string; pieces: Uint8Array[] }> {
  yield { name: 'whole', pieces: [bytes] };
  yield { name: 'byte by byte', pieces: Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)) };
  for (let seed = 1; seed <= rounds; seed += 1) {
    const random = seededRandom(seed);
    const longest = 1 + random(Math.max(2, bytes.length / 3));
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const length = 1 + random(longest);
      pieces.push(bytes.subarray(at, at + length));
      at += length;
    }
    yield { name: `cut with seed ${seed}`, pieces };
  }
}

/** Bytes from hexadecimal digits; spaces and what stands behind a `;` in a line are for the reader. */
export function hex(text: string): Uint8Array {
  const digits = text.replace(/;.*$/gm, '').replace(/\s+/g, '');
  return new Uint8Array(Buffer.from(digits, 'hex'));
}
