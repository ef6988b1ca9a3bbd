import { test } from 'node:test';
import assert from 'node:assert/strict';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';

test('what the writer wrote the reader reads', () => {
  const writer = new ByteWriter(1);
  writer
    .u8(0xfe)
    .u16(0xfffe)
    .u24(0xfffffe)
    .u24(-2 & 0xffffff)
    .u32(0xfffffffe)
    .u32le(0x01020304)
    .u64(2 ** 53 - 1)
    .f64(-1.5)
    .utf8('é');
  const bytes = writer.take();
  const reader = new ByteReader(bytes);
  assert.equal(reader.u8(), 0xfe);
  assert.equal(reader.u16(), 0xfffe);
  assert.equal(reader.u24(), 0xfffffe);
  assert.equal(reader.i24(), -2);
  assert.equal(reader.u32(), 0xfffffffe);
  assert.equal(reader.u32le(), 0x01020304);
  assert.equal(reader.u64(), 2 ** 53 - 1);
  assert.equal(reader.f64(), -1.5);
  assert.equal(reader.peek(), 0xc3);
  assert.equal(reader.utf8(2), 'é');
  assert.equal(reader.left, 0);
  assert.throws(() => reader.u8(), { reason: 'truncated' });
  assert.throws(() => reader.peek(), { reason: 'truncated' });
  assert.equal(writer.length, 0);
});

test('a reader of a range stops at its end and respects the offset of a view', () => {
  const bytes = Uint8Array.of(0, 1, 2, 3, 4, 5).subarray(1);
  const reader = new ByteReader(bytes, 1, 4);
  assert.equal(reader.u16(), 0x0203);
  assert.throws(() => reader.u16(), { reason: 'truncated' });
  assert.deepEqual([...reader.bytes(1)], [4]);
  assert.equal(reader.offset, 4);
});

test('64-bit numbers beyond 2^53 - 1 are refused', () => {
  assert.throws(() => new ByteReader(new Uint8Array(8).fill(255)).u64(), { reason: 'number_too_large' });
});

test('text is UTF-8, behind its length or not, whatever room there was', () => {
  const texts = ['', 'plain', 'é', 'plain, then é', '😀 and more', '\u{10ffff}'];
  for (let capacity = 1; capacity <= 32; capacity += 1) {
    const writer = new ByteWriter(capacity);
    for (const text of texts) writer.utf8WithLength(text).utf8(text);
    const reader = new ByteReader(writer.take());
    for (const text of texts) {
      const length = reader.u16();
      assert.equal(length, Buffer.byteLength(text));
      assert.deepEqual([reader.utf8(length), reader.utf8(length)], [text, text]);
    }
    assert.equal(reader.left, 0);
  }
});
