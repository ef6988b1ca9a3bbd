import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrate.ts';
import { applySessionFacts } from '../../src/database/sessions.ts';
import { Ledger } from '../../src/ledger/ledger.ts';
import { createLog } from '../../src/log.ts';
import { liveUuid, makeFact, makeLives, sessionId } from '../support/session-facts.ts';
import { postgresErrors, withDatabase, withPostgres } from '../support/postgres.ts';
import { run } from '../support/run.ts';
import { requireTool } from '../support/tools.ts';
import type { SessionFact } from '../../src/ledger/session-fact.ts';
import type { TestContext } from 'node:test';

const log = createLog('silent');

async function makeDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'reprise-ledger-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A ledger that the database follows, as in the server; `committed` is what has been applied, in order. */
async function openLedger(
  t: TestContext,
  database: Database,
): Promise<{ ledger: Ledger; committed: SessionFact[]; directory: string }> {
  const committed: SessionFact[] = [];
  const directory = await makeDirectory(t);
  const ledger = await Ledger.open({
    directory,
    log,
    apply: async (facts, signal) => {
      await database.transaction((client) => applySessionFacts(client, facts), { idempotent: true, signal, retryForMs: 1_000 });
      committed.push(...facts);
    },
  });
  return { ledger, committed, directory };
}

const LIVES = 6;
const ROUNDS = 10;

/** Six lives restarted again and again: ends and starts come together, in order. */
async function appendRounds(ledger: Ledger, between: (round: number) => Promise<unknown>): Promise<number> {
  let appended = 0;
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (let live = 1; live <= LIVES; live += 1) {
      const n = round * 100 + live;
      const endedAt = Date.parse('2026-03-01T12:34:56.789Z') + n * 1000 + 50_000;
      const facts = [
        makeFact(n, live, { recordedBytes: 0, recordedMs: 0 }),
        makeFact(n, live, { revision: 2 }),
        makeFact(n, live, { revision: 3, endedAt }),
      ];
      for (const fact of facts) void ledger.append(fact);
      appended += facts.length;
    }
    await between(round);
  }
  return appended;
}

async function assertAllThere(database: Database): Promise<void> {
  const { rows } = await database.query(
    `select (select count(*) from sessions where end_reason = 'unpublished' and ending_processed and revision = 3) as sessions,
       (select count(*) from sessions) as "allSessions", (select count(*) from replays) as replays,
       (select count(*) from videos where not is_live) as videos, (select count(*) from videos where is_live and state = 4) as waiting`,
  );
  const all = LIVES * ROUNDS;
  assert.deepEqual(rows, [{ sessions: all, allSessions: all, replays: all, videos: all, waiting: LIVES }]);
}

function assertOrder(committed: readonly SessionFact[], appended: number): void {
  const keys = committed.map((fact) => `${fact.sessionId} ${fact.revision}`);
  assert.equal(keys.length, appended, 'each fact once');
  assert.deepEqual(keys, keys.toSorted(), 'in order'); // ids grow with the rounds
}

test('six lives, ten restarts: 60 sessions, 60 replays, no error in the log', async (t) => {
  const database = await withDatabase(t);
  await makeLives(database, LIVES);
  const { ledger, committed } = await openLedger(t, database);
  const appended = await appendRounds(ledger, () => sleep(5));
  assert.equal(await ledger.drained(), true);
  await ledger.close();
  assertOrder(committed, appended);
  await assertAllThere(database);
  assert.deepEqual(await postgresErrors(), []);
});

test('PostgreSQL is stopped and started again, and killed: nothing is lost, in order, once', async (t) => {
  const { postgres: first, start } = await withPostgres(t);
  let postgres = first;
  const database = await Database.open({ connection: { ...postgres.connection }, log });
  t.after(() => database.close());
  await migrate(database);
  await makeLives(database, LIVES);
  const { ledger, committed } = await openLedger(t, database);
  const appended = await appendRounds(ledger, async (round) => {
    if (round === 2) await postgres.close();
    if (round === 4) {
      assert.ok(ledger.pending > 0, 'facts wait');
      assert.equal((await database.health()).ok, false);
      postgres = await start();
    }
    if (round === 6 || round === 8) process.kill(postgres.pid as number, 'SIGKILL');
    await sleep(round === 7 ? 1_500 : 20); // until it is back from the first kill
  });
  assert.equal(await ledger.drained(30_000), true);
  await ledger.close();
  assertOrder(committed, appended);
  await assertAllThere(database);
});

test('a fact that breaks a rule of the database is set aside, the other 99 are there', async (t) => {
  const database = await withDatabase(t);
  await makeLives(database, 100);
  const { ledger, directory } = await openLedger(t, database);
  const facts = Array.from({ length: 100 }, (_, i) => makeFact(i + 1, i + 1, i === 41 ? { width: 2 ** 40 } : {}));
  await Promise.all(facts.map((fact) => ledger.append(fact)));
  assert.equal(await ledger.drained(), true);
  await ledger.close();
  const { rows } = await database.query<{ n: number }>('select count(*) as n from sessions');
  assert.equal(rows[0].n, 99);
  const rejected = JSON.parse(await readFile(path.join(directory, 'rejected.log'), 'utf8')) as {
    fact: SessionFact;
    error: string;
  };
  assert.deepEqual(rejected.fact, facts[41]);
  assert.match(rejected.error, /out of range/);
});

test('a ledger whose process is killed at any moment has every fact that it said is durable', async (t) => {
  const directory = await makeDirectory(t);
  const program = path.join(import.meta.dirname, '../support/append-facts.ts');
  let acknowledged = 0;
  for (let round = 0; round < 5; round += 1) {
    const child = spawn(process.execPath, [program, directory, String(round * 10_000)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > 600 + round * 777) child.kill('SIGKILL');
    });
    await once(child, 'close');
    const durable = output.split('\n').slice(0, -1).map(Number);
    assert.ok(durable.length > 50);
    const ledger = await Ledger.open({ directory, log, apply: () => Promise.reject(new Error('away')) });
    const open = new Set(ledger.sessions().map((fact) => fact.sessionId));
    await ledger.close();
    for (const n of durable) assert.ok(open.has(sessionId(n)), `session ${n} of round ${round}`);
    acknowledged += durable.length;
    assert.ok(open.size >= acknowledged);
  }
});

test('while the disk refuses, facts are kept and go to the database; later they are on disk too', async (t) => {
  const prlimit = requireTool(t, 'prlimit');
  if (prlimit === null) return;
  const limitFiles = async (limit: string): Promise<void> => {
    const { code, stderr } = await run(prlimit, ['--pid', String(process.pid), `--fsize=${limit}:unlimited`]);
    assert.equal(code, 0, stderr);
  };
  process.on('SIGXFSZ', () => undefined);
  const directory = await makeDirectory(t);
  const applied: SessionFact[] = [];
  const apply = (facts: readonly SessionFact[]): Promise<void> => Promise.resolve(void applied.push(...facts));
  const ledger = await Ledger.open({ directory, log, apply });
  await ledger.append(makeFact(1, 1));
  await limitFiles('2000');
  t.after(() => limitFiles('unlimited'));
  const facts = Array.from({ length: 20 }, (_, i) => makeFact(i + 2, i + 2));
  let durable = 0;
  const durables = facts.map((fact) => ledger.append(fact).then(() => (durable += 1)));
  for (let i = 0; applied.length < 21 && i < 500; i += 1) await sleep(10);
  assert.equal(applied.length, 21);
  assert.equal(ledger.degraded, true);
  assert.equal(durable, 0);
  assert.equal(ledger.sessions().length, 21);

  await limitFiles('unlimited');
  await Promise.all(durables);
  assert.equal(ledger.degraded, false);
  await ledger.close();
  const again = await Ledger.open({ directory, log, apply });
  assert.equal(again.sessions().length, 21);
  assert.equal(again.sessions()[20].videoUuid, liveUuid(21));
  await again.close();
});
