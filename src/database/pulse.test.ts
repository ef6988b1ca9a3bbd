import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pulse } from './pulse.ts';

const WELL = { ok: true, latencyMs: 1 };

test('many that ask are one question, and its answer is good for a while', async () => {
  let asked = 0;
  const pulse = new Pulse({ ask: () => Promise.resolve({ ...WELL, latencyMs: ++asked }), freshMs: 60_000 });
  const readings = await Promise.all([pulse.read(), pulse.read(), pulse.read()]);
  assert.deepEqual([...readings, await pulse.read()], [WELL, WELL, WELL, WELL]);
  assert.equal(asked, 1);
});

test('an answer that has gone stale is asked for again', async () => {
  let asked = 0;
  const pulse = new Pulse({ ask: () => Promise.resolve({ ...WELL, latencyMs: ++asked }), freshMs: 0 });
  await pulse.read();
  assert.equal((await pulse.read()).latencyMs, 2);
});

test('a database that hangs is not ok in time, is asked no second time meanwhile, and is ok when it answers', async () => {
  const { promise, resolve } = Promise.withResolvers<typeof WELL>();
  let asked = 0;
  const ask = (): Promise<typeof WELL> => {
    asked += 1;
    return promise;
  };
  const pulse = new Pulse({ ask, withinMs: 10 });
  assert.equal((await pulse.read()).ok, false);
  assert.equal((await pulse.read()).ok, false);
  resolve(WELL);
  await promise;
  assert.equal((await pulse.read()).ok, true);
  assert.equal(asked, 1);
});
