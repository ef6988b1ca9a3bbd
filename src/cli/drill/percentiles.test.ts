import assert from 'node:assert/strict';
import { test } from 'node:test';
import { percentiles } from './percentiles.ts';

test('percentiles are values that were there, whatever their order', () => {
  assert.equal(percentiles([]), null);
  assert.deepEqual(percentiles([7]), { count: 1, p50: 7, p95: 7, max: 7 });
  const hundred = Array.from({ length: 100 }, (_, i) => ((i * 37) % 100) + 1);
  assert.deepEqual(percentiles(hundred), { count: 100, p50: 50, p95: 95, max: 100 });
  assert.deepEqual(percentiles([30, 10, 20]), { count: 3, p50: 20, p95: 30, max: 30 });
});
