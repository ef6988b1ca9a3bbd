import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InOrder } from './in-order.ts';

test('works of one key follow each other, those of another do not wait, and a failure stops nobody', async () => {
  const inOrder = new InOrder();
  const story: string[] = [];
  const first = Promise.withResolvers<void>();
  const works = [
    inOrder.run('a', async () => {
      story.push('a1 begins');
      await first.promise;
      story.push('a1 ends');
      throw new Error('a1 failed');
    }),
    inOrder.run('a', async () => {
      story.push('a2');
      return Promise.resolve('two');
    }),
    inOrder.run('b', async () => {
      story.push('b1');
      first.resolve();
      return Promise.resolve('other');
    }),
  ];
  const settled = await Promise.allSettled(works);
  assert.deepEqual(story, ['a1 begins', 'b1', 'a1 ends', 'a2']);
  assert.deepEqual(
    settled.map((work) => (work.status === 'fulfilled' ? work.value : (work.reason as Error).message)),
    ['a1 failed', 'two', 'other'],
  );
});
