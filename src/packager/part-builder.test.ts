import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFragmentSamples } from '../../test/support/fragment-samples.ts';
import { WatchedPool } from '../../test/support/part-tape.ts';
import { AudioStaging, AUDIO_STAGING_LIMIT_BYTES } from './audio-staging.ts';
import { BlockPool } from './block-pool.ts';
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
  addVideo(builder, 30_000, 2);
  const first = pool.bytesInUse;
  addVideo(builder, 500_000, 3);
  assert.ok(pool.bytesInUse > first && pool.bytesInUse <= 1024 * 1024);
  const part = builder.finish(OPENING);
  assert.deepEqual(videoOf(part), [
    [30_000, 1, 1],
    [30_000, 2, 2],
    [500_000, 3, 3],
  ]);
  builder.next(part, 18_000);
  builder.close();
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

test('many parts share a block, and blocks are used again: memory stays what the stream needs', () => {
  const pool = new WatchedPool();
  const builder = new PartBuilder(pool);
  let held: PartBytes[] = [];
  const blocks = new Set<Uint8Array>();
  for (let i = 0; i < 500; i += 1) {
    for (let frame = 0; frame < 5; frame += 1) addVideo(builder, 3000, i & 0xff);
    const part = builder.finish(OPENING);
    part.block.retain();
    held.push(part);
    blocks.add(part.block.bytes);
    builder.next(part, 18_000);
    if (held.length > 15) held.shift()?.block.release();
    assert.ok(pool.bytesInUse < 1024 * 1024);
  }
  assert.ok(blocks.size < 20, `${blocks.size} blocks for 500 parts`);
  for (const { block } of held) block.release();
  held = [];
  builder.close();
  assert.equal(pool.bytesInUse, 0);
});

test('blocks: counted, used again, and not kept without end', () => {
  let made = 0;
  const pool = new BlockPool((length) => {
    made += 1;
    return new Uint8Array(length);
  });
  const block = pool.take(70_000);
  assert.equal(block.bytes.length, 131_072);
  block.retain();
  block.release();
  assert.equal(pool.bytesInUse, 131_072);
  block.release();
  assert.equal(pool.bytesInUse, 0);
  assert.throws(() => block.release(), /more often/);
  assert.throws(() => block.retain(), /after its last/);
  assert.equal(pool.take(131_072).bytes, block.bytes);
  assert.equal(made, 1);

  const large = Array.from({ length: 8 }, () => pool.take(16 * 1024 * 1024));
  const again = (): number => {
    made = 0;
    for (let i = 0; i < large.length; i += 1) large[i] = pool.take(16 * 1024 * 1024);
    return made;
  };
  for (const one of large) one.release();
  assert.equal(again(), 4, 'as many of eight large blocks are kept as others are in use');
  const held = large.splice(2);
  for (const one of large) one.release();
  assert.equal(again(), 0, 'where many are in use, as many are kept');
  for (const one of [...large, ...held]) one.release();
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
