import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spread } from './spread.ts';

test('each gets a moment of its own piece of the time, in order', () => {
  assert.deepEqual(
    spread(4, 1000, () => 0.5),
    [125, 375, 625, 875],
  );
  for (let round = 0; round < 200; round += 1) {
    const times = spread(60, 600_000, Math.random);
    for (const [i, at] of times.entries()) assert.ok(at >= i * 10_000 && at <= (i + 1) * 10_000, `${i}: ${at}`);
  }
});

test('nobody, one, and all at once', () => {
  assert.deepEqual(spread(0, 1000, Math.random), []);
  assert.deepEqual(
    spread(1, 1000, () => 0.25),
    [250],
  );
  assert.deepEqual(spread(3, 0, Math.random), [0, 0, 0]);
});

test('they are spread by chance, not by the clock', () => {
  assert.ok(new Set(Array.from({ length: 50 }, () => spread(2, 60_000, Math.random)[0])).size > 40);
});
