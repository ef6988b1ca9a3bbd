import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockPool } from './block-pool.ts';
import type { Block } from './block-pool.ts';

const MEBIBYTE = 1024 * 1024;

/** A pool that keeps count of what the world gave it. */
function countedPool(): { pool: BlockPool; world: { made: number; bytes: number } } {
  const world = { made: 0, bytes: 0 };
  const pool = new BlockPool(
    (byteLength) => {
      world.made += 1;
      world.bytes += byteLength;
      return new Uint8Array(byteLength);
    },
    (bytes) => (world.bytes -= bytes.length),
  );
  return { pool, world };
}

test('a block is counted, and used again when nobody holds it', () => {
  const { pool, world } = countedPool();
  const block = pool.take(70_000);
  assert.equal(block.end - block.start, 70_656, 'whole pages');
  block.retain();
  block.release();
  assert.equal(pool.bytesInUse, 70_656);
  block.release();
  assert.equal(pool.bytesInUse, 0);
  assert.throws(() => block.release(), /more often/);
  assert.throws(() => block.retain(), /after its last/);
  assert.equal(pool.take(70_656).start, block.start);
  assert.equal(world.made, 1);
});

test('what is behind the end of a block is for others at once', () => {
  const { pool, world } = countedPool();
  const block = pool.take(4 * MEBIBYTE);
  block.trim(block.start + 1500);
  assert.equal(pool.bytesInUse, 2048);
  block.trim(block.end);
  const other = pool.take(3 * MEBIBYTE);
  assert.equal(world.made, 1);
  assert.equal(other.bytes, block.bytes);
  assert.equal(other.start, block.end);
  for (const each of [block, other]) each.release();
  assert.equal(pool.bytesInUse, 0);
});

test('blocks of all sizes never overlap, and need little more memory than they have bytes', () => {
  const { pool } = countedPool();
  const held: { block: Block; mark: number }[] = [];
  let seed = 1;
  const random = (below: number): number => (seed = (seed * 16_807) % 2_147_483_647) % below;
  for (let i = 0; i < 30_000; i += 1) {
    const block = pool.take(random(i % 10 === 0 ? 100_000 : 20_000) + 1);
    block.trim(block.start + Math.ceil((block.end - block.start) * 0.7));
    const mark = i & 0xff;
    block.bytes.fill(mark, block.start, block.end);
    held.push({ block, mark });
    if (held.length <= 3000) continue;
    // Nearly in the order in which they came, as players and disks let go of them.
    const [{ block: old, mark: its }] = held.splice(random(200), 1);
    assert.ok(old.bytes[old.start] === its && old.bytes[old.end - 1] === its);
    old.release();
    if (i % 100 === 0) assert.ok(pool.bytes < pool.bytesInUse * 1.3 + 4 * MEBIBYTE, `${pool.bytes} for ${pool.bytesInUse}`);
  }
  for (const { block } of held) block.release();
  assert.equal(pool.bytesInUse, 0);
});

test('memory that is not used any more is let go, but for some', () => {
  const { pool, world } = countedPool();
  const blocks = Array.from({ length: 1000 }, () => pool.take(200_000));
  assert.ok(world.bytes >= 200_000_000);
  for (const block of blocks.slice(0, 500)) block.release();
  assert.ok(world.bytes <= pool.bytesInUse * 1.25 + 2 * 4 * MEBIBYTE, 'a quarter of what is in use');
  for (const block of blocks.slice(500)) block.release();
  assert.equal(world.bytes, 16 * MEBIBYTE);
  assert.equal(pool.bytes, world.bytes);
  const { made } = world;
  for (const block of Array.from({ length: 50 }, () => pool.take(200_000))) block.release();
  assert.equal(world.made, made, 'what was kept is used again');
});

test('a block larger than others has a slab of its own, which others may use too', () => {
  const { pool, world } = countedPool();
  const large = pool.take(9 * MEBIBYTE);
  assert.equal(world.bytes, 16 * MEBIBYTE);
  const small = pool.take(1000);
  assert.equal(small.bytes, large.bytes);
  const larger = pool.take(17 * MEBIBYTE);
  assert.equal(larger.bytes.length, 32 * MEBIBYTE);
  for (const block of [large, small, larger]) block.release();
  assert.equal(pool.bytesInUse, 0);
  assert.equal(world.bytes, 16 * MEBIBYTE);
});
