import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Database } from '../../src/database/database.ts';
import type { Queryable, TransactionOptions } from '../../src/database/database.ts';
import { applySessionFacts } from '../../src/database/sessions.ts';
import type { AppliedFacts } from '../../src/database/sessions.ts';
import type { SessionFact } from '../../src/ledger/session-fact.ts';
import { createLog } from '../../src/log.ts';
import { FAULTS, faultyClients } from '../support/faulty-client.ts';
import type { Fault } from '../support/faulty-client.ts';
import { cloneDatabase } from '../support/postgres.ts';
import { liveUuid, makeFact, makeLives, START } from '../support/session-facts.ts';

const LIVES = 6;
const GONE = LIVES + 1;
const lives = Array.from({ length: LIVES }, (_, i) => i + 1);

interface Plan {
  fault: Fault | null;
  longest: number;
}

async function openFaulty(t: TestContext): Promise<{ database: Database; plan: Plan }> {
  const plan: Plan = { fault: null, longest: 0 };
  const connection = { ...(await cloneDatabase()), Client: faultyClients(plan) };
  const database = await Database.open({ connection, log: createLog('silent') });
  t.after(() => database.close());
  return { database, plan };
}

async function apply(database: Database, facts: readonly SessionFact[], options: TransactionOptions = {}): Promise<AppliedFacts> {
  return database.transaction((client) => applySessionFacts(client, facts), { idempotent: true, retryForMs: 60_000, ...options });
}

/** All lives on air, and one whose live is deleted while its session runs. */
async function begin(database: Database): Promise<void> {
  await database.query('delete from users');
  await database.query('delete from sessions');
  await database.query('delete from replay_settings');
  await database.query('alter sequence users_id_seq restart');
  await database.query('alter sequence channels_id_seq restart');
  await makeLives(database, GONE);
  await apply(
    database,
    [...lives, GONE].map((n) => makeFact(n, n)),
  );
  await database.query('delete from videos where uuid = $1', [liveUuid(GONE)]);
}

/** What a restart of a live tells: its end with a gap in it, or nothing at all; then its next session; of some also that one's interruption. */
function restart(n: number): SessionFact[] {
  const gaps = [{ beganAt: START + 100_000, endedAt: START + 101_000 }];
  const next = makeFact(100 + n, n);
  const end = n % 3 === 0 ? [] : [makeFact(n, n, { revision: 2, endedAt: START + 1e5 + n, gaps })];
  const later = n % 2 === 0 ? [] : [{ ...next, revision: 2, state: 'interrupted' as const, interruptedAt: START + 3e5 }];
  return [...end, next, ...later];
}

const orphans = [makeFact(GONE, GONE, { revision: 2, endedAt: START + 1e5 }), makeFact(100 + GONE, GONE)];

/** Everything the facts have written, but for numbers that sequences give and the times of writing. */
async function readCatalogue(database: Queryable): Promise<unknown> {
  const { rows } = await database.query(
    `select (select json_agg(to_jsonb(s) - 'number' - 'live_id' || jsonb_build_object('live', v.uuid) order by s.id)
         from sessions s left join videos v on v.id = s.live_id) as sessions,
       (select json_agg(g order by g) from session_gaps g) as gaps,
       (select json_agg(to_jsonb(v) - '{id,channel_id,created_at,updated_at,published_at}'::text[] order by v.uuid) from videos v) as videos,
       (select json_agg(json_build_array(r.session_id, v.uuid) order by r.session_id) from replays r join videos v on v.id = r.video_id) as replays,
       (select json_agg(p order by p.id) from replay_settings p where exists (select from sessions s where s.id = p.id)) as settings,
       (select count(*) from replay_settings) as "allSettings"`,
  );
  return rows[0];
}

/** What those who tell players and pages get: the same, however often it was tried. */
function tellable({ states, replays, skipped }: AppliedFacts): unknown {
  const byUuid = <T extends { videoUuid: string }>(all: readonly T[]): T[] =>
    all.toSorted((a, b) => (a.videoUuid < b.videoUuid ? -1 : 1));
  return { states: byUuid(states), replays: byUuid(replays.map((replay) => ({ ...replay, videoId: 0 }))), skipped };
}

for (const isolation of ['read committed', 'repeatable read', 'serializable'] as const) {
  test(`a storm in one batch, every statement of it failing in every way, at ${isolation}: as if nothing had failed`, async (t) => {
    const { database, plan } = await openFaulty(t);
    const facts = [...lives.flatMap(restart), ...orphans];
    await begin(database);
    plan.longest = 0;
    const told = tellable(await apply(database, facts, { isolation }));
    const catalogue = await readCatalogue(database);
    const statements = plan.longest;
    assert.ok(statements >= 14 && statements < 30, `${statements} statements`);

    for (const kind of FAULTS) {
      for (let at = 1; at <= statements; at += 1) {
        await begin(database);
        const fault: Fault = { kind, at, strikes: 1 };
        plan.fault = fault;
        const applied = await apply(database, facts, { isolation });
        plan.fault = null;
        assert.equal(fault.strikes, 0, `${kind} at ${at} has not happened`);
        assert.deepEqual(await readCatalogue(database), catalogue, `${kind} at ${at}`);
        assert.deepEqual(tellable(applied), told, `${kind} at ${at}`);
      }
    }
  });
}

test('a storm in transactions of their own, the same statement of each failing: as if nothing had failed', async (t) => {
  const { database, plan } = await openFaulty(t);
  const all = async (): Promise<void> =>
    void (await Promise.all([...lives.map(restart), orphans].map((facts) => apply(database, facts))));
  await begin(database);
  plan.longest = 0;
  await all();
  const catalogue = await readCatalogue(database);
  for (const kind of FAULTS) {
    for (let at = 1; at <= plan.longest; at += 1) {
      await begin(database);
      const fault: Fault = { kind, at, strikes: LIVES };
      plan.fault = fault;
      await all();
      plan.fault = null;
      assert.ok(fault.strikes < LIVES, `${kind} at ${at} has not happened`);
      assert.deepEqual(await readCatalogue(database), catalogue, `${kind} at ${at}`);
    }
  }
});
