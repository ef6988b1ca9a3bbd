import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fullJitter } from './back-off.ts';

test('the wait doubles up to its limit, and is drawn below that', () => {
  const backOff = { firstMs: 500, longestMs: 10_000 };
  const longest = [0, 1, 2, 4, 5, 6, 5000].map((failures) => fullJitter(failures, backOff, () => 1));
  assert.deepEqual(longest, [500, 1000, 2000, 8000, 10_000, 10_000, 10_000]);
  assert.equal(
    fullJitter(3, backOff, () => 0),
    0,
  );
  assert.equal(
    fullJitter(3, backOff, () => 0.25),
    1000,
  );
});
