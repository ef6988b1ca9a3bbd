import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeDatabase, judgeEmbedded } from './judge-database.ts';
import type { EmbeddedFacts } from '../../database/inspect-embedded.ts';
import type { DatabaseFacts } from '../../database/inspect.ts';

const GOOD: DatabaseFacts = {
  version: 180_004,
  encoding: 'UTF8',
  readOnly: false,
  mayCreate: true,
  user: 'reprise',
  database: 'reprise',
  isolation: 'read committed',
  synchronousCommit: 'on',
  fsync: true,
  fullPageWrites: true,
  maxConnections: 100,
  reservedConnections: 3,
  otherConnections: 5,
  connectionLimit: null,
  poolConnections: 12,
  maxPredicateLocks: 64,
  timeZones: true,
  directory: null,
  roundTripMs: 0.3,
  clockAheadMs: 4,
};

const TABLE: readonly { name: string; change: Partial<DatabaseFacts>; bad: string[] }[] = [
  { name: 'a good server', change: {}, bad: [] },
  { name: 'the oldest', change: { version: 150_000 }, bad: [] },
  { name: 'too old', change: { version: 140_011 }, bad: ['failure version 14.11'] },
  { name: 'newer than tried', change: { version: 190_001 }, bad: ['warning version 19.1'] },
  { name: 'a standby', change: { readOnly: true }, bad: ['failure takes no writes'] },
  { name: 'no right to make tables', change: { mayCreate: false }, bad: ['failure user reprise may not make tables'] },
  { name: 'encoding', change: { encoding: 'SQL_ASCII' }, bad: ['failure encoding SQL_ASCII'] },
  {
    name: 'repeatable read',
    change: { isolation: 'repeatable read' },
    bad: ['warning default_transaction_isolation repeatable read'],
  },
  {
    name: 'serializable',
    change: { isolation: 'serializable' },
    bad: ['warning default_transaction_isolation serializable', 'warning max_pred_locks_per_transaction 64'],
  },
  {
    name: 'serializable with room for locks',
    change: { isolation: 'serializable', maxPredicateLocks: 1024 },
    bad: ['warning default_transaction_isolation serializable'],
  },
  { name: 'synchronous_commit off', change: { synchronousCommit: 'off' }, bad: ['failure synchronous_commit off'] },
  { name: 'synchronous_commit local', change: { synchronousCommit: 'local' }, bad: [] },
  {
    name: 'nothing durable',
    change: { fsync: false, fullPageWrites: false },
    bad: ['failure fsync off', 'failure full_page_writes off'],
  },
  { name: 'exactly enough connections', change: { maxConnections: 20 }, bad: [] },
  { name: 'connections taken by others', change: { maxConnections: 19 }, bad: ['warning max_connections 19'] },
  { name: 'fewer connections than the pool', change: { maxConnections: 14 }, bad: ['failure max_connections 14'] },
  { name: 'a limit of the user', change: { connectionLimit: 5 }, bad: ['failure connection limit 5'] },
  { name: 'a clock that is behind', change: { clockAheadMs: -3000 }, bad: ["warning the database's clock is 3.0 s behind"] },
  {
    name: 'a clock that is far ahead',
    change: { clockAheadMs: 3_600_000 },
    bad: ["failure the database's clock is 3600.0 s ahead"],
  },
  { name: 'no time zones', change: { timeZones: false }, bad: ['warning has no time zone data'] },
  { name: 'far away', change: { roundTripMs: 80 }, bad: ['warning a round trip takes 80 ms'] },
];

for (const { name, change, bad } of TABLE) {
  test(`PostgreSQL: ${name}`, () => {
    const findings = judgeDatabase({ ...GOOD, ...change }).filter(({ level }) => level !== 'ok');
    assert.equal(findings.length, bad.length, findings.map(({ text }) => text).join('; '));
    findings.forEach(({ level, text, advice }, i) => {
      assert.ok(`${level} ${text}`.startsWith(bad[i]), `${level} ${text}`);
      assert.ok(advice !== null && advice.length > 20);
    });
  });
}

const EMBEDDED: EmbeddedFacts = { pid: null, uid: 101, dataMajor: null, facts: GOOD, problem: null, tookMs: 2000 };

test('built-in PostgreSQL: runs, was tried, does not start, does not answer, reads other data', () => {
  const level = (change: Partial<EmbeddedFacts>): string =>
    judgeEmbedded({ ...EMBEDDED, ...change })
      .map((each) => `${each.level} ${each.text}`)
      .join();
  assert.equal(level({}), 'ok made, started and removed one on trial in 2.0 s, as user 101');
  assert.equal(level({ pid: 77, uid: null, dataMajor: 18 }), 'ok runs as process 77');
  assert.equal(level({ facts: null, problem: 'No such user.' }), 'failure does not start here');
  assert.equal(level({ pid: 77, facts: null, problem: 'timeout' }), 'failure process 77 does not answer');
  assert.equal(level({ dataMajor: 17 }), 'failure is version 18; the data is of 17');
});
