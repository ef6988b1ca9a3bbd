import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Attempts, ATTEMPTS_OF_LIVE, ATTEMPTS_OF_NOBODY } from './attempts.ts';
import { AttemptWriter } from './attempt-writer.ts';
import type { Attempt } from './attempt.ts';
import { createLog } from '../log.ts';

const told = (at: number, videoUuid: string | null = 'live', encoder: string | null = null): Omit<Attempt, 'id'> => ({
  videoUuid,
  at,
  code: videoUuid === null ? 'unknown_key' : 'accepted',
  key: 'abcd…',
  address: '192.0.2.1',
  encoder,
  sessionId: null,
});
const away = (): Error => Object.assign(new Error('away'), { code: 'ECONNREFUSED' });

test('the newest of each live are kept, newest first, and no more; all are counted', () => {
  const attempts = new Attempts();
  for (let n = 0; n < ATTEMPTS_OF_LIVE + 5; n += 1) attempts.add(told(n));
  for (let n = 0; n < ATTEMPTS_OF_NOBODY + 5; n += 1) attempts.add(told(n, null));
  attempts.add(told(7, 'other'));
  attempts.count('wrong_app');
  assert.deepEqual([attempts.of('live').length, attempts.of('live')[0].at], [ATTEMPTS_OF_LIVE, ATTEMPTS_OF_LIVE + 4]);
  assert.deepEqual([attempts.of(null).length, attempts.of(null).at(-1)?.at], [ATTEMPTS_OF_NOBODY, 5]);
  assert.deepEqual(Object.fromEntries(attempts.counts), { accepted: 106, unknown_key: 1005, wrong_app: 1 });
  attempts.forget('live');
  assert.deepEqual([attempts.of('live'), attempts.of('other').length], [[], 1]);
});

test('what an encoder calls itself is kept as far as it is of use', () => {
  const attempts = new Attempts();
  attempts.add(told(1, 'live', 'x'.repeat(10_000)));
  assert.equal(attempts.of('live')[0].encoder?.length, 200);
});

test('written behind: in order, again after the database was away, the oldest given up past the limit', async () => {
  const written: string[] = [];
  let fails = 2;
  const writer = new AttemptWriter({
    write: (batch) => {
      if (fails-- > 0) return Promise.reject(away());
      written.push(...batch.map(({ id }) => id));
      return Promise.resolve();
    },
    log: createLog('silent'),
    delayMs: 60_000,
    limit: 3,
  });
  for (const id of ['a', 'b', 'c', 'd']) writer.add({ ...told(1), id });
  await writer.close();
  assert.deepEqual(written, []);
  await writer.close();
  await writer.close();
  assert.deepEqual(written, ['b', 'c', 'd']);
});

test('what the database refuses for good is given up, and keeps nothing else waiting', async () => {
  let asked = 0;
  const writer = new AttemptWriter({ write: () => (asked++, Promise.reject(new Error('no'))), log: createLog('silent') });
  writer.add({ ...told(1), id: 'a' });
  await writer.close();
  await writer.close();
  assert.equal(asked, 1);
});
