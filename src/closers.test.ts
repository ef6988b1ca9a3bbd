import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from './log.ts';
import { Closers } from './closers.ts';

test('closes in the reverse order, once, past one that fails', async () => {
  const closed: string[] = [];
  const closers = new Closers(createLog('silent'), 1000);
  closers.add('first', () => void closed.push('first'));
  closers.add('second', () => Promise.reject(new Error('broken')));
  closers.add('third', () => {
    throw new Error('broken');
  });
  closers.add('fourth', async () => {
    await new Promise((resolve) => setImmediate(resolve));
    closed.push('fourth');
  });
  await Promise.all([closers.close(), closers.close()]);
  assert.deepEqual(closed, ['fourth', 'first']);
});

test('what hangs is left behind, and the last ones still have their time', async () => {
  const closed: string[] = [];
  const closers = new Closers(createLog('silent'), 200);
  const hang = (): Promise<void> => new Promise(() => {});
  closers.add('database', () => new Promise((resolve) => setTimeout(() => resolve(void closed.push('database')), 300)), {
    leastMs: 5000,
  });
  for (let n = 0; n < 3; n += 1) closers.add(`hangs ${n}`, hang);
  const began = performance.now();
  await closers.close();
  assert.deepEqual(closed, ['database']);
  assert.ok(performance.now() - began < 2000);
});
