import { ProtocolError } from '../../src/errors.ts';

/** A seeded source of numbers from 0 up to, not including, `below` (mulberry32): the same failure again every time. */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * below);
  };
}

/** Feeds `decode` every truncation of `good`, then `rounds` seeded corruptions of it. It may take them or throw ProtocolError; any other error comes out with the bytes. */
export function fuzz(good: Uint8Array, decode: (bytes: Uint8Array) => unknown, rounds = 500): void {
  const random = seededRandom(good.length);
  for (let length = 0; length < good.length; length += 1) attempt(good.slice(0, length));
  for (let round = 0; round < rounds; round += 1) {
    const bytes = good.slice();
    for (let change = random(4); change >= 0; change -= 1) bytes[random(bytes.length)] = random(3) === 0 ? 0xff : random(256);
    attempt(random(4) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes);
  }

  function attempt(bytes: Uint8Array): void {
    try {
      decode(bytes);
    } catch (error) {
      if (error instanceof ProtocolError) return;
      throw new Error(`no ProtocolError for ${Buffer.from(bytes).toString('hex')}`, { cause: error });
    }
  }
}
