import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthJson } from './health.ts';
import type { RoomsHealth } from './health.ts';

const WELL: RoomsHealth = {
  receiving: true,
  database: { ok: true, latencyMs: 1.4 },
  ledger: { pending: 3, degraded: false },
  lives: { lives: 7, onAir: 2, recordingsFailing: 0 },
};

const CASES: [string, Partial<RoomsHealth>, string][] = [
  ['all is well; facts under way are no fault', {}, 'ok'],
  ['no database', { database: { ok: false, latencyMs: 0 } }, 'degraded'],
  ['a ledger that cannot write', { ledger: { pending: 0, degraded: true } }, 'degraded'],
  ['a recording that fails', { lives: { lives: 7, onAir: 2, recordingsFailing: 1 } }, 'degraded'],
  ['no publishers let in', { receiving: false }, 'down'],
  ['no publishers let in, nor a database', { receiving: false, database: { ok: false, latencyMs: 0 } }, 'down'],
];

for (const [what, change, status] of CASES) {
  test(`${what}: ${status}`, () => assert.equal(healthJson({ ...WELL, ...change }).status, status));
}

test('what it tells', () => {
  assert.deepEqual(healthJson({ ...WELL, database: { ok: false, latencyMs: 2000.2 } }), {
    status: 'degraded',
    database: { ok: false, latencyMs: 2000, error: 'The database does not answer.' },
    ledger: { pending: 3, degraded: false },
    lives: { count: 7, onAir: 2 },
    recordingsFailing: 0,
  });
});
