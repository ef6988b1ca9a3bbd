import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createLog } from '../log.ts';
import { Follower } from './follower.ts';
import type { Entry } from './fact-file.ts';

/** A follower of facts that are added; gives how many each batch had. Timers are the test's. */
function follow(t: TestContext): {
  add: (count: number) => void;
  batches: number[];
  follower: Follower;
  settle: () => Promise<void>;
  hurried: { is: boolean };
} {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const batches: number[] = [];
  const hurried = { is: false };
  let waiting: Entry[] = [];
  const follower = new Follower({
    apply: async () => undefined,
    rejectedFile: '/nowhere',
    isHurried: () => hurried.is,
    next: (count) => waiting.slice(0, count),
    done: (entries) => {
      batches.push(entries.length);
      waiting = waiting.slice(entries.length);
    },
    log: createLog('silent'),
  });
  const stop = new AbortController();
  const running = follower.run(stop.signal);
  t.after(async () => {
    stop.abort();
    follower.wake();
    follower.hurry();
    await running;
  });
  const add = (count: number): void => {
    waiting.push(...Array.from({ length: count }, (_, number) => ({ number }) as Entry));
    follower.wake();
  };
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i += 1) await Promise.resolve();
  };
  return { add, batches, follower, settle, hurried };
}

test('few facts go at once; behind many others are gathered, longer in a storm', async (t) => {
  const { add, batches, settle } = follow(t);
  const passes = async (ms: number): Promise<void> => {
    t.mock.timers.tick(ms);
    await settle();
  };
  for (const count of [1, 7, 8]) {
    add(count);
    await settle();
  }
  assert.deepEqual(batches, [1, 7, 8]);
  add(1);
  await settle();
  add(99);
  await passes(249);
  assert.deepEqual(batches, [1, 7, 8]);
  await passes(1);
  assert.deepEqual(batches, [1, 7, 8, 100]);
  add(3);
  await passes(1999);
  assert.deepEqual(batches, [1, 7, 8, 100]);
  await passes(1);
  assert.deepEqual(batches, [1, 7, 8, 100, 3]);
});

test('nobody gathers while somebody waits for all to be there', async (t) => {
  const { add, batches, settle, follower, hurried } = follow(t);
  add(100);
  await settle();
  add(3);
  await settle();
  assert.deepEqual(batches, [100]);
  follower.hurry();
  await settle();
  assert.deepEqual(batches, [100, 3]);
  hurried.is = true;
  add(100);
  await settle();
  add(5);
  await settle();
  assert.deepEqual(batches, [100, 3, 100, 5]);
});
