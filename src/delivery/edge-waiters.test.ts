import assert from 'node:assert/strict';
import { Agent, get } from 'node:http';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Exchange } from '../http/exchange.ts';
import { HttpListener } from '../http/http-listener.ts';
import { LiveEdge } from '../lives/live-edge.ts';
import { createLog } from '../log.ts';
import { EdgeWaiters } from './edge-waiters.ts';

const START = { mediaSequence: 0, discontinuitySequence: 0, targetDuration: 2 };

interface Waiting {
  readonly exchange: Exchange;
  readonly gone: Promise<void>;
  readonly leave: () => void;
}

/** Real requests that are still open. */
async function exchanges(t: TestContext, count: number): Promise<Waiting[]> {
  let came = (_exchange: Exchange): void => {};
  const first = (exchange: Exchange): boolean => (came(exchange), true);
  const listener = new HttpListener({ host: '127.0.0.1', port: 0, first, log: createLog('silent') });
  await listener.start();
  const made: Waiting[] = [];
  for (let i = 0; i < count; i += 1) {
    const arrived = new Promise<Exchange>((resolve) => (came = resolve));
    const request = get({ port: listener.port, host: '127.0.0.1', agent: new Agent({ keepAlive: true }) });
    request.on('error', () => {});
    const exchange = await arrived;
    const gone = new Promise<void>((resolve) => exchange.onEnd(resolve));
    made.push({ exchange, gone, leave: () => void request.destroy() });
  }
  t.after(() => {
    for (const { leave } of made) leave();
    return listener.close();
  });
  return made;
}

test('each waiter is answered once: when it is ready, late, gone, or at the close', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let now = 0;
  const failures: unknown[] = [];
  const waiters = new EdgeWaiters(
    () => now,
    (_exchange, error) => failures.push(error),
  );
  const edge = new LiveEdge(START);
  const open = await exchanges(t, 6);
  const said: string[] = [];
  const ready = new Set<number>();
  open.forEach(({ exchange }, n) => {
    waiters.add(edge, {
      exchange,
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
  await open[2].gone;
  assert.equal(waiters.count, 2);
  waiters.close();
  assert.deepEqual(said.slice(2), ['3 false', '5 false']);
  assert.deepEqual([waiters.count, failures.length], [0, 2]);
  waiters.add(edge, {
    exchange: open[3].exchange,
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
  const [first, second] = await exchanges(t, 2);
  for (let i = 0; i < 3; i += 1)
    waiters.add(edge, { exchange: first.exchange, deadlineMs: Infinity, ready: () => false, done: () => {} });
  assert.equal(listeners, 1);
  first.leave();
  second.leave();
  await Promise.all([first.gone, second.gone]);
  assert.equal(listeners, 0);
  waiters.add(edge, {
    exchange: second.exchange,
    deadlineMs: Infinity,
    ready: () => false,
    done: () => assert.fail('nobody is there'),
  });
  assert.deepEqual([listeners, waiters.count], [0, 0]);
  waiters.close();
});
