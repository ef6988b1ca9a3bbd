import assert from 'node:assert/strict';
import { createServer, get } from 'node:http';
import type { ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { LiveEdge } from '../lives/live-edge.ts';
import { EdgeWaiters } from './edge-waiters.ts';

const START = { mediaSequence: 0, discontinuitySequence: 0, targetDuration: 2 };

/** Responses of real requests that are still open. */
async function responses(t: TestContext, count: number): Promise<{ response: ServerResponse; leave: () => void }[]> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const made = [];
  for (let i = 0; i < count; i += 1) {
    const request = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false });
    request.on('error', () => {});
    const [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
    made.push({ response, leave: () => void request.destroy() });
  }
  return made;
}

test('each waiter is answered once: when it is ready, late, gone, or at the close', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let now = 0;
  const failures: unknown[] = [];
  const waiters = new EdgeWaiters(
    () => now,
    (_response, error) => failures.push(error),
  );
  const edge = new LiveEdge(START);
  const open = await responses(t, 6);
  const said: string[] = [];
  const ready = new Set<number>();
  open.forEach(({ response }, n) => {
    waiters.add(edge, {
      response,
      deadlineMs: n === 1 ? 100 : 1000,
      ready: () => {
        if (n === 4) throw new Error('a bug');
        return ready.has(n);
      },
      done: (isReady) => {
        said.push(`${n} ${isReady}`);
        if (n === 5) throw new Error('another bug');
      },
    });
  });
  assert.equal(waiters.count, 6);
  ready.add(0);
  edge.changed();
  edge.changed();
  assert.deepEqual([said, waiters.count, failures.length], [['0 true'], 4, 1]);
  now = 100;
  t.mock.timers.tick(250);
  assert.deepEqual([said.at(-1), waiters.count], ['1 false', 3]);
  open[2].leave();
  await once(open[2].response, 'close');
  assert.equal(waiters.count, 2);
  waiters.close();
  assert.deepEqual(said.slice(2), ['3 false', '5 false']);
  assert.deepEqual([waiters.count, failures.length], [0, 2]);
  waiters.add(edge, {
    response: open[3].response,
    deadlineMs: 1000,
    ready: () => false,
    done: (isReady) => said.push(`late ${isReady}`),
  });
  assert.deepEqual([said.at(-1), waiters.count], ['late false', 0]);
});

test('nobody listens to an edge that nobody waits for', async (t) => {
  const waiters = new EdgeWaiters(Date.now, () => {});
  const edge = new LiveEdge(START);
  let listeners = 0;
  const onChange = edge.onChange.bind(edge);
  edge.onChange = (listener) => {
    listeners += 1;
    const stop = onChange(listener);
    return () => {
      listeners -= 1;
      stop();
    };
  };
  const [{ response, leave }, gone] = await responses(t, 2);
  for (let i = 0; i < 3; i += 1) waiters.add(edge, { response, deadlineMs: Infinity, ready: () => false, done: () => {} });
  assert.equal(listeners, 1);
  leave();
  gone.leave();
  await Promise.all([once(response, 'close'), once(gone.response, 'close')]);
  assert.equal(listeners, 0);
  waiters.add(edge, {
    response: gone.response,
    deadlineMs: Infinity,
    ready: () => false,
    done: () => assert.fail('nobody is there'),
  });
  assert.deepEqual([listeners, waiters.count], [0, 0]);
  waiters.close();
});
