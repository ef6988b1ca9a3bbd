import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SegmentCache } from './segment-cache.ts';

const buffer = (n: number): Promise<Buffer> => Promise.resolve(Buffer.alloc(10, n));

test('a segment is read once for all who ask, and those used last are kept', async () => {
  const cache = new SegmentCache(30);
  let reads = 0;
  const read = (n: number) => () => ((reads += 1), buffer(n));
  const both = await Promise.all([cache.get('1', read(1)), cache.get('1', read(9))]);
  assert.equal(both[0], both[1]);
  for (const n of [2, 3]) await cache.get(`${n}`, read(n));
  assert.deepEqual([reads, cache.bytes], [3, 30]);
  assert.equal(cache.peek('1'), both[0]);
  await cache.get('4', read(4));
  assert.deepEqual([cache.peek('2'), cache.peek('1')?.[0], cache.peek('4')?.[0], cache.bytes], [null, 1, 4, 30]);
});

test('what fails, is not there, or is larger than all that is kept, is not kept', async () => {
  const cache = new SegmentCache(30);
  const fails = (): Promise<Buffer> => Promise.reject(new Error('made up'));
  await assert.rejects(cache.get('1', fails), /made up/);
  assert.equal(await cache.get('1', () => Promise.resolve(null)), null);
  assert.equal((await cache.get('1', () => buffer(1)))?.[0], 1);
  assert.equal((await cache.get('2', () => Promise.resolve(Buffer.alloc(31))))?.length, 31);
  assert.deepEqual([cache.peek('1'), cache.peek('2'), cache.bytes], [null, null, 0]);
});
