import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedMemories } from './shared-memories.ts';

function open(): { memories: SharedMemories; said: string[] } {
  const said: string[] = [];
  const memories = new SharedMemories({
    adopt: ({ length }) => said.push(`adopt ${length}`),
    discard: ({ length }) => said.push(`discard ${length}`),
    released: (hold) => said.push(`release ${hold}`),
  });
  memories.add(1, new Uint8Array(10));
  memories.add(2, new Uint8Array(20));
  said.length = 0;
  return { memories, said };
}

test('a hold is given back once, when the last one who reads lets go', () => {
  const { memories, said } = open();
  const kept = memories.part(1, 7);
  kept.block.retain();
  kept.done();
  assert.deepEqual(said, []);
  kept.block.release();
  memories.part(1, 8).done();
  memories.forget(1);
  assert.deepEqual(said, ['release 7', 'release 8', 'discard 10']);
  assert.throws(() => memories.part(1, 9), /memory 1 is not known/);
});

test('when the thread has gone its memory stays as long as somebody reads it', () => {
  const { memories, said } = open();
  const { block, done } = memories.part(1, 7);
  block.retain();
  done();
  memories.close();
  assert.deepEqual(said, ['discard 20']);
  block.release();
  assert.deepEqual(said, ['discard 20', 'discard 10']);
});
