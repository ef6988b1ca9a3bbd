import { test } from 'node:test';
import assert from 'node:assert/strict';
import { BitReader } from './bit-reader.ts';

test('bits come most significant first, over byte borders, up to 32 at once', () => {
  const reader = new BitReader(Uint8Array.of(0b10110011, 0xff, 0xff, 0xff, 0xfe));
  assert.equal(reader.readBit(), 1);
  assert.equal(reader.readBits(3), 0b011);
  assert.equal(reader.readBits(32), 0x3fffffff);
  assert.equal(reader.bitsLeft, 4);
  assert.equal(reader.readBits(0), 0);
  assert.equal(reader.readBits(4), 0b1110);
  assert.throws(() => reader.readBit(), { name: 'ProtocolError', reason: 'truncated' });
});

test('32 bits of ones are unsigned', () => {
  assert.equal(new BitReader(Uint8Array.of(255, 255, 255, 255)).readBits(32), 0xffffffff);
});

test('Exp-Golomb codes: H.264 table 9-2 and 9-3', () => {
  // 1 | 010 | 011 | 00100 | 00101 | 00111 -> 0 1 2 3 4 6
  const bits = '1010011001000010100111';
  const bytes = Uint8Array.from((bits.padEnd(24, '0').match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const unsigned = new BitReader(bytes);
  assert.deepEqual(
    [0, 0, 0, 0, 0, 0].map(() => unsigned.readUe()),
    [0, 1, 2, 3, 4, 6],
  );
  const signed = new BitReader(bytes);
  assert.deepEqual(
    [0, 0, 0, 0, 0, 0].map(() => signed.readSe()),
    [0, 1, -1, 2, -2, -3],
  );
});

test('the largest Exp-Golomb code is 2^32 - 2, a longer one is refused', () => {
  // 31 zeros, 1, 31 ones
  const largest = new BitReader(Uint8Array.of(0, 0, 0, 1, 255, 255, 255, 254));
  assert.equal(largest.readUe(), 2 ** 32 - 2);
  assert.throws(() => new BitReader(new Uint8Array(16)).readUe(), { reason: 'bad_exp_golomb' });
});

test('skip passes over and is bounded', () => {
  const reader = new BitReader(Uint8Array.of(0x01, 0x80));
  reader.skip(7);
  assert.equal(reader.readBits(2), 0b11);
  assert.throws(() => reader.skip(8), { reason: 'truncated' });
  assert.equal(reader.bitsLeft, 7);
});
