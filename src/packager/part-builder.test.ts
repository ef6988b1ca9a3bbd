import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFragmentSamples } from '../../test/support/fragment-samples.ts';
import { WatchedPool } from '../../test/support/part-tape.ts';
import { AudioStaging, AUDIO_STAGING_LIMIT_BYTES } from './audio-staging.ts';
import { PartBuilder } from './part-builder.ts';
import type { PartBytes } from './part-builder.ts';

const OPENING = { sequenceNumber: 1, segmentStart: true, programDateTimeMs: 0 };

function addVideo(builder: PartBuilder, size: number, fill: number): void {
  const offset = builder.beginVideo(size);
  builder.target.fill(fill, offset, offset + size);
  builder.endVideo(0, false);
}

function videoOf(part: PartBytes): number[][] {
  const { tracks } = readFragmentSamples(part.block.bytes.subarray(part.start, part.end));
  return (tracks.get(1) ?? []).map(({ data }) => [data.length, data[0], data[data.length - 1]]);
}

test('a part that outgrows its block moves to a larger one, whole; the old one is given back', () => {
  const pool = new WatchedPool();
  const builder = new PartBuilder(pool);
  addVideo(builder, 30_000, 1);
  const first = pool.bytesInUse;
  addVideo(builder, 30_000, 2);
  addVideo(builder, 500_000, 3);
  assert.ok(pool.bytesInUse > first && pool.bytesInUse <= 1024 * 1024);
  const part = builder.finish(OPENING);
  assert.deepEqual(videoOf(part), [
    [30_000, 1, 1],
    [30_000, 2, 2],
    [500_000, 3, 3],
  ]);
  builder.next();
  assert.equal(pool.bytesInUse, 0);
});

test('a header that outgrows the room in front of it', () => {
  const builder = new PartBuilder(new WatchedPool());
  for (let i = 0; i < 900; i += 1) addVideo(builder, 20 + i, i & 0xff);
  const part = builder.finish(OPENING);
  assert.deepEqual(
    videoOf(part),
    Array.from({ length: 900 }, (_, i) => [20 + i, i & 0xff, i & 0xff]),
  );
  builder.close();
});

test('a frame that was begun and never ended leaves no byte in the part', () => {
  const builder = new PartBuilder(new WatchedPool());
  addVideo(builder, 100, 1);
  builder.target.fill(9, builder.beginVideo(5000), 60_000);
  addVideo(builder, 200, 2);
  const part = builder.finish(OPENING);
  assert.deepEqual(videoOf(part), [
    [100, 1, 1],
    [200, 2, 2],
  ]);
  builder.close();
});

test('a part takes the memory that its bytes need, and is not moved where it is like the ones before', () => {
  const pool = new WatchedPool();
  const builder = new PartBuilder(pool);
  const held: PartBytes[] = [];
  let moved = 0;
  for (let i = 0; i < 500; i += 1) {
    for (let frame = 0; frame < 5; frame += 1) {
      addVideo(builder, i % 10 === 0 && frame === 0 ? 40_000 : 2000 + ((i * 7 + frame * 13) % 500), i & 0xff);
      if (frame === 0) pool.taken = 0;
    }
    if (i > 0) moved += pool.taken;
    const part = builder.finish(OPENING);
    part.block.retain();
    held.push(part);
    builder.next();
    if (held.length > 15) held.shift()?.block.release();
    const bytes = held.reduce((sum, { start, end }) => sum + end - start, 0);
    assert.ok(pool.bytesInUse <= bytes + held.length * 2048, `${pool.bytesInUse} bytes for ${bytes}`);
  }
  assert.ok(moved < 25, `${moved} of 500 parts were moved`);
  for (const { block } of held) block.release();
  assert.equal(pool.bytesInUse, 0);
});

test('audio staging: whole frames go, the open one stays where it is being written', () => {
  const staging = new AudioStaging();
  const put = (text: string): void => {
    Buffer.from(staging.bytes.buffer).write(text, staging.begin(text.length), 'latin1');
    staging.end();
  };
  put('one');
  put('two');
  const open = staging.begin(5);
  const room = staging.bytes;
  room.set([116, 104], open);
  const target = new Uint8Array(16);
  assert.equal(staging.stagedBytes, 6);
  staging.drain(target, 1);
  assert.equal(Buffer.from(target).toString('latin1', 1, 7), 'onetwo');
  room.set([114, 101, 101], open + 2);
  assert.ok(staging.end());
  staging.drain(target, 0);
  assert.equal(Buffer.from(target).toString('latin1', 0, 5), 'three');
  assert.equal(staging.end(), false);
});

test('audio staging: grows up to its limit, and no further', () => {
  const staging = new AudioStaging();
  let frames = 0;
  while (staging.begin(5000) >= 0 && staging.end()) frames += 1;
  assert.equal(frames, Math.floor(AUDIO_STAGING_LIMIT_BYTES / 5000));
  assert.equal(staging.bytes.length, AUDIO_STAGING_LIMIT_BYTES);
  staging.clear();
  assert.ok(staging.begin(5000) >= 0);
});
