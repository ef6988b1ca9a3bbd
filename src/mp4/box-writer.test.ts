import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoxWriter } from './box-writer.ts';

test('boxes in boxes, whatever the array had room for at first', () => {
  const write = (capacity: number): string => {
    const out = new BoxWriter(capacity);
    out.box('moov', () => {
      out.fullBox('trex', 1, 2, () => out.u8(7).u16s(0x0102, 0xffff).u32s(0xfffffffe, -1).zeros(3).bytes(Uint8Array.of(9, 8)));
      out.box('free', () => undefined);
    });
    return Buffer.from(out.take()).toString('hex');
  };
  const trex = '0000001e' + '74726578' + '01000002' + '07' + '0102ffff' + 'fffffffeffffffff' + '000000' + '0908';
  for (let capacity = 1; capacity <= 64; capacity += 1)
    assert.equal(write(capacity), `0000002e6d6f6f76${trex}0000000866726565`, `capacity ${capacity}`);
});
