import assert from 'node:assert/strict';
import { test } from 'node:test';
import { syntheticMedia } from './synthetic-media.ts';

test('the sample, as it is and filled up to a bitrate', () => {
  const plain = syntheticMedia(null);
  assert.deepEqual([plain.truth.video.length, plain.truth.audio.length, plain.framesPerSecond], [240, 375, 30]);
  assert.ok(Math.abs(plain.bitrate - 590_000) < 20_000, `${plain.bitrate}`);
  const filled = syntheticMedia(2_000_000);
  assert.ok(Math.abs(filled.bitrate - 2_000_000) < 10_000, `${filled.bitrate}`);
  const [before, after] = [plain.truth.video[0], filled.truth.video[0]];
  assert.deepEqual(Buffer.from(after.subarray(0, before.length)), Buffer.from(before));
  const rest = new DataView(after.buffer, after.byteOffset + before.length);
  assert.deepEqual([rest.getUint32(0), rest.getUint8(4), rest.getUint8(rest.byteLength - 1)], [rest.byteLength - 4, 12, 0x80]);
});

test('frames are counted over the seams of the loop', () => {
  const { count, file } = syntheticMedia(null);
  assert.deepEqual(count(0), { video: 0, audio: 0 });
  assert.deepEqual(count(1), { video: 0, audio: 1 });
  assert.deepEqual(count(2), { video: 1, audio: 1 });
  assert.deepEqual(count(2 * file.frames.length + 2), { video: 481, audio: 751 });
});
