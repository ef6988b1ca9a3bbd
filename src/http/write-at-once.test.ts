import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { writeAtOnce } from './write-at-once.ts';

/** Both ends of a connection. */
async function pair(t: TestContext): Promise<{ ours: Socket; theirs: Socket }> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const theirs = connect(address.port, '127.0.0.1');
  const [ours] = (await once(server, 'connection')) as [Socket];
  t.after(() => {
    ours.destroy();
    theirs.destroy();
  });
  return { ours, theirs };
}

test('what the kernel takes is written before the call returns', async (t) => {
  const { ours, theirs } = await pair(t);
  let written = 0;
  const atOnce = writeAtOnce(ours, [Buffer.from('head'), Buffer.alloc(0), Buffer.from('body')], () => (written += 1));
  assert.deepEqual([atOnce, written], [8, 1]);
  const [bytes] = (await once(theirs, 'data')) as [Buffer];
  assert.equal(bytes.toString(), 'headbody');
});

test('what the kernel does not take follows, in order, and is told of once', async (t) => {
  const { ours, theirs } = await pair(t);
  const pieces = Array.from({ length: 40 }, (_, i) => Buffer.alloc(1_000_000, i + 1));
  let written = 0;
  const atOnce = writeAtOnce(ours, pieces, () => (written += 1));
  assert.ok(atOnce > 0 && atOnce < 40_000_000, `${atOnce} bytes at once`);
  assert.equal(written, 0);
  assert.equal(
    writeAtOnce(ours, [Buffer.from('behind')], () => (written += 1)),
    0,
    'behind what waits',
  );
  const received: Buffer[] = [];
  let count = 0;
  for await (const bytes of theirs as AsyncIterable<Buffer>) {
    received.push(bytes);
    count += bytes.length;
    if (count === 40_000_006) break;
  }
  assert.ok(Buffer.concat(received).equals(Buffer.concat([...pieces, Buffer.from('behind')])));
  assert.equal(written, 2);
});

test('a connection that is gone is closed, and who waits is told', async (t) => {
  const { ours, theirs } = await pair(t);
  ours.on('error', () => undefined);
  theirs.resetAndDestroy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  let written = 0;
  for (let i = 0; i < 3; i += 1) writeAtOnce(ours, [Buffer.from('x')], () => (written += 1));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(written, 3);
  assert.equal(ours.destroyed, true);
});

test('who throws when it is told leaves the stream as it was', async (t) => {
  const { ours } = await pair(t);
  assert.throws(() => {
    writeAtOnce(ours, [Buffer.from('x')], () => {
      throw new Error('a bug');
    });
  }, /a bug/);
  assert.equal(ours.writableCorked, 0);
});
