import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveRecord } from '../../test/support/broadcast.ts';
import { LoadingLives } from './loading-lives.ts';

/** So many lives that load when they are told to. */
function lives(count: number): { loading: LoadingLives; begun: string[]; finish: (name: string) => Promise<void> } {
  const loading = new LoadingLives();
  const begun: string[] = [];
  const finish = new Map<string, () => void>();
  for (let n = 1; n <= count; n += 1) {
    loading.add(liveRecord(n), `key ${n}`, [`session ${n}`], ({ name }) => {
      begun.push(name);
      return new Promise((resolve) => finish.set(name, resolve));
    });
  }
  return {
    loading,
    begun,
    finish: async (name) => {
      finish.get(name)?.();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const uuid = (n: number): string => liveRecord(n).videoUuid;

test('so many at once, in order; who is asked for comes next, by whatever it is asked for', async () => {
  const { loading, begun, finish } = lives(6);
  const run = loading.run(2);
  assert.deepEqual(begun, ['Live 1', 'Live 2']);
  const told: string[] = [];
  void loading.waitFor(uuid(6))?.then(() => told.push('6'));
  void loading.waitForKey('key 5')?.then(() => told.push('5'));
  void loading.waitForSession('session 4')?.then(() => told.push('4'));
  void loading.waitFor(uuid(1))?.then(() => told.push('1'));
  await finish('Live 1');
  assert.deepEqual([begun.at(-1), told], ['Live 4', ['1']]);
  await finish('Live 4');
  await finish('Live 5');
  await finish('Live 6');
  assert.deepEqual(told, ['1', '4', '5', '6']);
  assert.deepEqual(begun, ['Live 1', 'Live 2', 'Live 4', 'Live 5', 'Live 6', 'Live 3']);
  await finish('Live 2');
  await finish('Live 3');
  await run;
  assert.equal(loading.size, 0);
  assert.deepEqual(
    [loading.waitFor(uuid(1)), loading.waitForKey('key 1'), loading.waitForSession('session 1')],
    [null, null, null],
  );
});

test('settings that change meanwhile are those that are loaded, and the new key finds it', async () => {
  const { loading, begun, finish } = lives(2);
  const run = loading.run(1);
  loading.put(liveRecord(2, { name: 'another name' }), 'new key');
  assert.equal(loading.waitForKey('key 2'), null);
  assert.notEqual(loading.waitForKey('new key'), null);
  assert.equal(loading.record(uuid(2))?.name, 'another name');
  await finish('Live 1');
  assert.deepEqual(begun, ['Live 1', 'another name']);
  await finish('another name');
  await run;
});

test('closed: those under way are waited for, no more begin, and whoever waits is told', async () => {
  const { loading, begun, finish } = lives(3);
  void loading.run(1);
  const waits = loading.waitFor(uuid(3));
  const closed = loading.close();
  await finish('Live 1');
  await closed;
  await waits;
  assert.deepEqual([begun, loading.size], [['Live 1'], 0]);
});
