import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { applySessionFacts } from '../../src/database/sessions.ts';
import { Ledger } from '../../src/ledger/ledger.ts';
import type { SessionFact } from '../../src/ledger/session-fact.ts';
import { eachTimerFault } from '../support/each-timer-fault.ts';
import { FaultyDisk, FaultyFiles, IN_MEMORY } from '../support/faulty-files.ts';
import type { TimerPlay } from '../support/faulty-timers.ts';
import { LogDiary } from '../support/log-diary.ts';
import { withDatabase } from '../support/postgres.ts';
import { makeFact, makeLives, START } from '../support/session-facts.ts';
import { until } from '../support/until.ts';

const FILES = { 'ledger/follower.ts': 5, 'ledger/bell.ts': 5, 'ledger/ledger.ts': 50 };
const TRIES = 3;

test('the timers of a ledger: each throws, never comes, or comes late, and every fact is in the database, now or after the next start', async (t) => {
  const database = await withDatabase(t);
  await makeLives(database, 1);
  const files = FaultyFiles.install(t);
  let sessions = 0;

  /** The database is away, then the disk refuses; the server closes, and is started again. */
  const play = async (timers: TimerPlay): Promise<void> => {
    const root = mkdtempSync(join(IN_MEMORY, 'reprise-ledger-timers-'));
    const disk = new FaultyDisk(join(root, 'disk'), null);
    files.add(disk);
    const diary = new LogDiary();
    let away = 0;
    const applied = new Map<string, number>();
    const apply = async (facts: readonly SessionFact[], signal: AbortSignal): Promise<void> => {
      if (away > 0) {
        away -= 1;
        throw new Error('made up: the database is away');
      }
      await database.transaction((client) => applySessionFacts(client, facts), { idempotent: true, signal });
      for (const { sessionId, revision } of facts)
        applied.set(`${sessionId} ${revision}`, (applied.get(`${sessionId} ${revision}`) ?? 0) + 1);
    };
    const open = (): Promise<Ledger> => Ledger.open({ directory: join(disk.directory, 'ledger'), log: diary.log, apply });
    const facts: SessionFact[] = [];
    const next = (ledger: Ledger): Promise<void> => {
      sessions += 1;
      const fact = makeFact(sessions, 1, { endedAt: START + sessions * 1000 + 500, saveReplay: false });
      facts.push(fact);
      return ledger.append(fact);
    };
    // A back-off that never ends holds up what it was to try again, and nothing else: the follower the database, the writer the disk.
    let ledger = await open();
    try {
      away = TRIES;
      await next(ledger);
      assert.equal(ledger.degraded, false, 'the disk has taken it');
      const waiting = ledger.drained();
      await timers.until('the database has it', () => ledger.pending === 0);
      disk.fault = { kind: 'EIO', at: disk.operations.length + 1, lasting: true };
      const kept = next(ledger);
      await until('the disk refuses', () => ledger.degraded, { everyMs: 5 });
      disk.heal();
      await timers.until('the disk takes it', () => !ledger.degraded);
      if (!ledger.degraded) await kept;
      void next(ledger);
      // It is asked for while the ledger closes.
      away = 1;
      const asked = ledger.drained();
      await ledger.close();
      timers.comeLate();
      await Promise.all([waiting, asked]);
      away = 0;
      ledger = await open();
      timers.comeLate();
      await until('all is applied', () => ledger.pending === 0);
      for (const { sessionId, revision } of facts) assert.ok(applied.has(`${sessionId} ${revision}`), `fact of ${sessionId}`);
    } finally {
      await ledger.close();
      files.remove(disk);
      rmSync(root, { recursive: true });
    }
    timers.comeLate();
    const ids = facts.map(({ sessionId }) => sessionId);
    const { rows } = await database.query<{ count: number }>(
      'select count(*) from sessions where id = any($1) and ended_at is not null',
      [ids],
    );
    assert.equal(rows[0].count, ids.length, 'each session has ended, once');
  };

  const cases = await eachTimerFault(t, FILES, play, 3);
  for (const file of Object.keys(FILES)) assert.ok((cases.get(file) ?? 0) >= 3, `${file}: ${cases.get(file)} cases`);
});
