import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureKind, retrying } from './transaction.ts';

function failure(code: string, message = 'failed'): Error {
  return Object.assign(new Error(message), { code });
}

test('errors by what they ask for', () => {
  for (const code of ['40001', '40P01']) assert.equal(failureKind(failure(code)), 'conflict', code);
  const away = [
    '57P01',
    '57P03',
    '08006',
    '08P01',
    '53100',
    '53300',
    '58030',
    '57014',
    '25006',
    'ECONNRESET',
    'EPIPE',
    'ENOENT',
    'ECONNREFUSED',
  ];
  for (const code of away) assert.equal(failureKind(failure(code)), 'away', code);
  assert.equal(failureKind(new Error('Connection terminated unexpectedly')), 'away');
  for (const code of ['23505', '22P02', '42703', '25P02']) assert.equal(failureKind(failure(code)), 'other', code);
  assert.equal(failureKind(failure('ABORT_ERR')), 'other');
  assert.equal(failureKind('no error at all'), 'other');
});

test('conflicts are tried again until the time is up, other errors never', async () => {
  let tries = 0;
  const value = await retrying(() => ((tries += 1) < 9 ? Promise.reject(failure('40001')) : Promise.resolve('done')));
  assert.deepEqual([value, tries], ['done', 9]);
  await assert.rejects(
    retrying(() => Promise.reject(failure('40001')), { retryForMs: 20 }),
    { code: '40001' },
  );
  tries = 0;
  await assert.rejects(
    retrying(() => ((tries += 1), Promise.reject(failure('23505')))),
    { code: '23505' },
  );
  assert.equal(tries, 1);
  const reason = new Error('enough');
  await assert.rejects(
    retrying(() => Promise.resolve(), { signal: AbortSignal.abort(reason) }),
    reason,
  );
});
