import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastVideoTimeMs } from './transport-stream.ts';

/** A packet that begins a frame: its clock times as the 5 bytes that carry them. */
function packet(streamId: number, flags: number, times: readonly number[], adaptation = 0): number[] {
  const head = [
    0x47,
    0x41,
    0x00,
    adaptation > 0 ? 0x30 : 0x10,
    ...(adaptation > 0 ? [adaptation - 1, ...filler(adaptation - 1)] : []),
  ];
  const bytes = [...head, 0, 0, 1, streamId, 0, 0, 0x80, flags << 6, 5 * times.length, ...times.flatMap(five)];
  return [...bytes, ...filler(188 - bytes.length)];
}

function filler(count: number): number[] {
  return new Array<number>(count).fill(0xff);
}

function five(ticks: number): number[] {
  const high = Math.floor(ticks / 2 ** 30) & 7;
  const middle = Math.floor(ticks / 2 ** 15) & 0x7fff;
  const low = ticks & 0x7fff;
  return [(high << 1) | 0x21, middle >> 7, ((middle << 1) & 0xff) | 1, low >> 7, ((low << 1) & 0xff) | 1];
}

test('the last frame of video tells its decode time', () => {
  const media = [...packet(0xe0, 2, [90_000]), ...packet(0xe0, 3, [270_000, 180_000], 8), ...packet(0xc0, 2, [999])];
  assert.equal(lastVideoTimeMs(Uint8Array.from(media)), 2000);
});

test('times of more than 32 bits are read', () => {
  assert.equal(lastVideoTimeMs(Uint8Array.from(packet(0xe0, 2, [2 ** 32 + 90]))), (2 ** 32 + 90) / 90);
});

test('without video there is no time', () => {
  assert.equal(lastVideoTimeMs(Uint8Array.from(packet(0xc0, 2, [90]))), null);
  assert.equal(lastVideoTimeMs(new Uint8Array(0)), null);
});
