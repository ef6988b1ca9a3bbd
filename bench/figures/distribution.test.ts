import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSpread, percentile, ratios, spread } from './distribution.ts';

test('percentiles are values that were there', () => {
  const values = [5, 1, 4, 2, 3];
  assert.equal(percentile(values, 0.5), 3);
  assert.equal(percentile(values, 0.95), 5);
  assert.equal(percentile(values, 0), 1);
  assert.equal(percentile([], 0.5), Number.NaN);
});

test('a spread is the least, the middle and the most', () => {
  assert.deepEqual(spread([3, 1, 2]), { min: 1, median: 2, max: 3 });
  assert.deepEqual(spread([4, 1, 2, 3]), { min: 1, median: 2.5, max: 4 });
  assert.deepEqual(spread([Number.NaN, 2]), { min: 2, median: 2, max: 2 });
});

test('ratios are taken round by round', () => {
  assert.deepEqual(ratios([100, 300, 150], [200, 200, 200]), { min: 0.5, median: 0.75, max: 1.5 });
  assert.equal(formatSpread(ratios([100, 300, 150], [200, 200, 200]), 2), '0.50-0.75-1.50');
  assert.equal(formatSpread(ratios([1], []), 2), '-');
});
