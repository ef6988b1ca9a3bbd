import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockPool } from '../packager/block-pool.ts';
import { LiveEdge } from './live-edge.ts';

function edgeWithPool(): {
  edge: LiveEdge;
  pool: BlockPool;
  keep: (bytes: number, duration: number, recorded?: boolean) => void;
} {
  const edge = new LiveEdge({ mediaSequence: 0, discontinuitySequence: 0, targetDuration: 2 });
  const pool = new BlockPool();
  let at = 0;
  const keep = (size: number, duration: number, recorded = true): void => {
    const block = pool.take(size);
    const bytes = block.bytes.subarray(block.start, block.start + size);
    edge.keep({ sessionId: 's', volume: 1, start: at, end: at + size, duration, block, bytes }, () => recorded);
    block.release();
    at += size;
  };
  return { edge, pool, keep };
}

test('keeps three seconds, finds parts and what they make up, and gives all memory back', () => {
  const { edge, pool, keep } = edgeWithPool();
  for (let i = 0; i < 50; i += 1) keep(1000, 18_000);
  assert.equal(edge.part('s', 1, 34_000), null);
  assert.equal(edge.part('s', 1, 35_000)?.end, 36_000);
  assert.equal(edge.part('s', 2, 35_000), null);
  assert.deepEqual(
    edge.range('s', 1, 36_000, 39_000)?.map((part) => part.start),
    [36_000, 37_000, 38_000],
  );
  assert.equal(edge.range('s', 1, 34_000, 39_000), null);
  assert.equal(edge.range('s', 1, 36_000, 38_500), null);
  edge.clear();
  assert.equal(pool.bytesInUse, 0);
});

test('what the disk does not have is kept for longer', () => {
  const { edge, keep } = edgeWithPool();
  for (let i = 0; i < 100; i += 1) keep(10, 18_000, false);
  assert.equal(edge.ticks, 8 * 90_000);
});

test('a clock that stands still fills no memory', () => {
  const { edge, pool, keep } = edgeWithPool();
  for (let i = 0; i < 40; i += 1) keep(8 * 1024 * 1024, 1, false);
  assert.ok(pool.bytesInUse <= 64 * 1024 * 1024);
  edge.clear();
  assert.equal(pool.bytesInUse, 0);
});
