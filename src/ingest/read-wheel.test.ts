import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { ReadWheel, restMs } from './read-wheel.ts';

/** A wheel with a clock of the test's; `pass` lets time pass. */
function wheel(t: TestContext): {
  wheel: ReadWheel;
  woken: string[];
  rest: (name: string, ms: number) => void;
  pass: (ms: number) => void;
} {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 1003;
  const turning = new ReadWheel(assert.ifError, () => now);
  const woken: string[] = [];
  return {
    wheel: turning,
    woken,
    rest: (name, ms) => turning.rest({ wake: () => woken.push(name), destroy: () => woken.push(`${name} destroyed`) }, ms),
    pass: (ms) => {
      now += ms;
      t.mock.timers.tick(ms);
    },
  };
}

test('few publishers do not rest, many do until what comes is awaited, and never for long', () => {
  const rests = (quietMs: number, waiting = 0, sinceMs = 5000): number[] =>
    [0, 1, 20, 40, 120, 100_000].map((publishers) => restMs(publishers, waiting, sinceMs, quietMs));
  assert.deepEqual(rests(167), [0, 0, 0, 167, 167, 167]);
  assert.deepEqual(rests(0), [0, 0, 0, 3, 15, 40], 'where it is late, the longer the more there are');
  assert.deepEqual(rests(9000), [0, 0, 0, 200, 200, 200]);
  assert.deepEqual(rests(167, 500), [0, 0, 0, 567, 567, 567], 'longer while many wait to be let in');
  assert.deepEqual(rests(167, 500, 200), [0, 0, 0, 167, 167, 167], 'but not before the first part');
});

test('each is woken once, when its time is over and at most 10 ms later', (t) => {
  const { woken, rest, pass } = wheel(t);
  rest('a', 5);
  rest('b', 42);
  rest('c', 100);
  pass(4);
  assert.deepEqual(woken, []);
  const at: Record<string, number> = {};
  for (let ms = 5; ms <= 130; ms += 1) {
    pass(1);
    for (const name of woken.splice(0)) at[name] = ms;
  }
  for (const [name, due] of [
    ['a', 5],
    ['b', 42],
    ['c', 100],
  ] as const)
    assert.ok(at[name] >= due && at[name] <= due + 20, `${name} after ${at[name]} ms`);
});

test('a loop that is late wakes all that are due, and then goes on in time', (t) => {
  const { woken, rest, pass } = wheel(t);
  for (let i = 0; i < 10; i += 1) rest(`${i}`, 10 * i);
  pass(1000);
  assert.equal(woken.length, 10);
  rest('later', 20);
  pass(10);
  assert.equal(woken.length, 10);
  pass(30);
  assert.equal(woken.at(-1), 'later');
});

test('closing wakes all, and leaves no timer', (t) => {
  const { wheel: turning, woken, rest, pass } = wheel(t);
  rest('a', 50);
  rest('b', 100);
  turning.close();
  assert.deepEqual(woken.sort(), ['a', 'b']);
  pass(200);
  assert.equal(woken.length, 2);
});
