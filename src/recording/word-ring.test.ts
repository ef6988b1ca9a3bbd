import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { WordRing } from './word-ring.ts';

/** What the other end puts finds room: it does not ask. */
const MOST_UNDER_WAY = 60_000;

/** Takes every word of one ring, adds 1, and puts it into the other. */
const ECHO = `
  import { workerData } from 'node:worker_threads';
  const { WordRing } = await import(workerData.module);
  const from = new WordRing(workerData.from);
  const to = new WordRing(workerData.to);
  for (;;) {
    from.sleep();
    to.put(from.take() + 1);
    to.show();
  }`;

test('words come in order, once, however often the other end falls asleep between them', async (t) => {
  const from = new WordRing();
  const to = new WordRing();
  const workerData = { module: new URL('./word-ring.ts', import.meta.url).href, from: from.shared, to: to.shared };
  const source = new URL(`data:text/javascript,${encodeURIComponent(ECHO)}`);
  const worker = new Worker(source, { workerData });
  t.after(() => worker.terminate());
  let sent = 0;
  let taken = 0;
  const began = performance.now();
  // More than the ring holds, one at a time and many at once.
  const wanted = 100_000;
  while (taken < wanted) {
    assert.ok(performance.now() - began < 60_000, `stuck at ${taken}`);
    for (
      let many = sent % 3 === 0 ? 1 : 200;
      many > 0 && from.hasRoom(1) && sent - taken < MOST_UNDER_WAY && sent < wanted;
      many -= 1
    ) {
      from.put((sent += 1));
      from.show();
    }
    while (!to.isEmpty) assert.equal(to.take(), (taken += 1) + 1);
    if (taken % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  from.show();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(to.isEmpty, 'a call to wake with nothing new brings nothing');
});

test('a full ring has no room, and has it again for what is taken', () => {
  const ring = new WordRing();
  let words = 0;
  for (; ring.hasRoom(2); words += 1) ring.put(words);
  assert.ok(!ring.hasRoom(2) && ring.hasRoom(1));
  ring.show();
  for (let i = 0; i < 5; i += 1) assert.equal(ring.take(), i);
  assert.ok(ring.hasRoom(6) && !ring.hasRoom(7));
});
