import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Database } from '../../src/database/database.ts';
import { applySessionFacts } from '../../src/database/sessions.ts';
import { createLog } from '../../src/log.ts';
import { cloneDatabase, postgresErrors, withDatabase } from '../support/postgres.ts';
import { liveUuid, makeFact, makeLives, sessionId, START } from '../support/session-facts.ts';
import type { Queryable, TransactionOptions } from '../../src/database/database.ts';
import type { AppliedFacts } from '../../src/database/sessions.ts';
import type { SessionFact } from '../../src/ledger/session-fact.ts';

async function apply(database: Database, facts: SessionFact[], options: TransactionOptions = {}): Promise<AppliedFacts> {
  return database.transaction((client) => applySessionFacts(client, facts), { idempotent: true, retryForMs: 60_000, ...options });
}

/** All that the facts have written, for comparison. */
async function readAll(database: Queryable): Promise<unknown> {
  const { rows } = await database.query(
    `select (select json_agg(s order by s.id) from sessions s) as sessions, (select json_agg(g order by g) from session_gaps g) as gaps,
       (select json_agg(v order by v.id) from videos v) as videos, (select json_agg(r order by r.session_id) from replays r) as replays,
       (select json_agg(p order by p.id) from replay_settings p) as settings, (select json_agg(l order by l.video_id) from lives l) as lives`,
  );
  return rows[0];
}

async function one(database: Queryable, text: string): Promise<Record<string, unknown>> {
  const { rows } = await database.query<Record<string, unknown>>(text);
  assert.equal(rows.length, 1);
  return rows[0];
}

test('a permanent live: waiting, on air, its replay beside it, waiting again', async (t) => {
  const database = await withDatabase(t);
  await makeLives(database, 1);
  assert.deepEqual(
    (await apply(database, [makeFact(1, 1, { recordedBytes: 0, recordedMs: 0 })])).states,
    [{ videoUuid: liveUuid(1), state: 4 }],
    'no media: not on air',
  );
  assert.deepEqual((await apply(database, [makeFact(1, 1, { revision: 2 })])).states, [{ videoUuid: liveUuid(1), state: 1 }]);
  assert.deepEqual(await one(database, `select published_at, state from videos`), {
    published_at: new Date(START + 1000),
    state: 1,
  });

  const gaps = [{ beganAt: START + 2000, endedAt: START + 3000 }];
  const interrupted = makeFact(1, 1, { revision: 3, state: 'interrupted', interruptedAt: START + 5000, gaps });
  assert.deepEqual((await apply(database, [interrupted])).states, [{ videoUuid: liveUuid(1), state: 1 }]);
  gaps.push({ beganAt: START + 5000, endedAt: START + 6000 });
  const end = makeFact(1, 1, { revision: 4, endedAt: START + 66_000, gaps, recordedMs: 61_500 });
  const { states, replays, skipped } = await apply(database, [end]);
  assert.deepEqual(states, [{ videoUuid: liveUuid(1), state: 4 }]);
  assert.deepEqual(replays, [{ sessionId: sessionId(1), liveUuid: liveUuid(1), videoId: 2, videoUuid: sessionId(1) }]);
  assert.deepEqual(skipped, []);
  const replay = await one(
    database,
    `select name, privacy, state, is_live, channel_id, category, licence, language, description, support, tags, nsfw, duration_ms, width, height,
       originally_published_at, published_at > now() - interval '1 minute' as fresh from videos where not is_live`,
  );
  assert.deepEqual(replay, {
    name: 'Live 1 - 2026-03-01 12:34',
    privacy: 2,
    state: 1,
    is_live: false,
    channel_id: 1,
    category: 4,
    licence: 2,
    language: 'en',
    description: 'About',
    support: 'Money',
    tags: ['a', 'b'],
    nsfw: true,
    duration_ms: 61_500,
    width: 1280,
    height: 720,
    originally_published_at: new Date(START + 1000),
    fresh: true,
  });
  const session = await one(database, `select ended_at, end_reason, ending_processed, interrupted_at, revision from sessions`);
  assert.deepEqual(session, {
    ended_at: new Date(START + 66_000),
    end_reason: 'unpublished',
    ending_processed: true,
    interrupted_at: null,
    revision: 4,
  });
  const { rows } = await database.query(`select position, began_at, ended_at from session_gaps order by position`);
  assert.deepEqual(
    rows,
    gaps.map(({ beganAt, endedAt }, i) => ({ position: i + 1, began_at: new Date(beganAt), ended_at: new Date(endedAt) })),
  );

  const before = await readAll(database);
  for (const facts of [[end], [makeFact(1, 1)], [interrupted], [makeFact(1, 1), interrupted, end]]) {
    assert.deepEqual(await apply(database, facts), { states, replays, skipped });
  }
  assert.deepEqual(await readAll(database), before);

  await database.query(`delete from videos where uuid = $1`, [sessionId(1)]);
  await apply(database, [end]);
  await apply(database, [{ ...end, revision: 5 }]);
  assert.equal((await one(database, `select count(*) from videos`))['count'], 1, 'a deleted replay stays deleted');

  const merged = [{ beganAt: START + 2000, endedAt: START + 6000 }];
  await apply(database, [makeFact(1, 1, { revision: 6, endedAt: START + 66_000, gaps: merged, recordedMs: 61_500 })]);
  assert.deepEqual(await one(database, 'select count(*) as gaps from session_gaps'), { gaps: 1 });
});

test('a live that is not permanent becomes its replay, or ends', async (t) => {
  const database = await withDatabase(t);
  await makeLives(database, 3, false);
  const change = { permanent: false, endedAt: START + 90_000, revision: 2 };
  await apply(database, [makeFact(1, 1, { permanent: false }), makeFact(2, 2, { permanent: false })]);
  const { states, replays } = await apply(database, [
    makeFact(1, 1, change),
    makeFact(2, 2, { ...change, saveReplay: false }),
    makeFact(3, 3, { ...change, recordedBytes: 0, recordedMs: 0 }),
  ]);
  assert.deepEqual(replays, [{ sessionId: sessionId(1), liveUuid: liveUuid(1), videoId: 1, videoUuid: liveUuid(1) }]);
  assert.deepEqual(new Map(states.map(({ videoUuid, state }) => [videoUuid, state])), new Map([[liveUuid(1), 1], [liveUuid(2), 5], [liveUuid(3), 5]])); // prettier-ignore
  const { rows } =
    await database.query(`select v.id, is_live, state, privacy, duration_ms, stream_key is not null as key, r.session_id
    from videos v left join lives l on l.video_id = v.id left join replays r on r.video_id = v.id order by v.id`);
  assert.deepEqual(rows, [
    { id: 1, is_live: false, state: 1, privacy: 2, duration_ms: 60_000, key: false, session_id: sessionId(1) },
    { id: 2, is_live: true, state: 5, privacy: 1, duration_ms: 0, key: true, session_id: null },
    { id: 3, is_live: true, state: 5, privacy: 1, duration_ms: 0, key: true, session_id: null },
  ]);
  assert.equal((await one(database, `select count(*) from sessions where ending_processed`))['count'], 3);
  const before = await readAll(database);
  await apply(database, [makeFact(1, 1, change), makeFact(2, 2, { ...change, saveReplay: false })]);
  assert.deepEqual(await readAll(database), before);
});

test('a session in the way of a newer one is ended as superseded, whoever comes first', async (t) => {
  const database = await withDatabase(t);
  await makeLives(database, 3);
  await apply(database, [makeFact(1, 1), makeFact(3, 2)]);
  // Live 1: a newer session. Live 2: an older one comes late. Live 3: two at once.
  await apply(database, [makeFact(4, 1), makeFact(2, 2), makeFact(5, 3), makeFact(6, 3)]);
  const { rows } = await database.query(`select id, ended_at, end_reason, error from sessions order by id`);
  const superseded = (n: number, by: number) => ({
    id: sessionId(n),
    ended_at: new Date(START + by * 1000),
    end_reason: 'superseded',
    error: 8,
  });
  const open = (n: number) => ({ id: sessionId(n), ended_at: null, end_reason: null, error: null });
  assert.deepEqual(rows, [superseded(1, 4), superseded(2, 3), open(3), open(4), superseded(5, 6), open(6)]);
  assert.equal((await one(database, `select count(*) from replays`))['count'], 3, 'what they had recorded is published');

  // The superseded one tells at last how it really ended.
  const { replays } = await apply(database, [makeFact(1, 1, { revision: 2, endedAt: START + 3500, recordedMs: 70_000 })]);
  assert.equal(replays.length, 1);
  const session = await one(
    database,
    `select end_reason, error, ending_processed, ended_at from sessions where id = '${sessionId(1)}'`,
  );
  assert.deepEqual(session, { end_reason: 'unpublished', error: null, ending_processed: true, ended_at: new Date(START + 3500) });
  assert.equal((await one(database, `select duration_ms from videos where uuid = '${sessionId(1)}'`))['duration_ms'], 70_000);
  assert.equal((await one(database, `select state from videos where uuid = '${liveUuid(1)}'`))['state'], 1);
});

test('facts of a live that is gone are skipped; a session it left behind still ends', async (t) => {
  const database = await withDatabase(t);
  await makeLives(database, 2);
  await apply(database, [makeFact(1, 1)]);
  await database.query(`delete from videos where uuid = $1`, [liveUuid(1)]);
  const end = makeFact(1, 1, { revision: 2, endedAt: START + 5000, endReason: 'live_deleted' });
  const unknown = makeFact(2, 1);
  const result = await apply(database, [end, unknown, makeFact(3, 2)]);
  assert.deepEqual(result.skipped, [unknown]);
  assert.deepEqual(result.replays, []);
  const { rows } = await database.query(`select id, live_id, end_reason from sessions order by id`);
  assert.deepEqual(rows, [
    { id: sessionId(1), live_id: null, end_reason: 'live_deleted' },
    { id: sessionId(3), live_id: 2, end_reason: null },
  ]);
});

test('strange values do not cost a session', async (t) => {
  const database = await withDatabase(t);
  await makeLives(database, 1);
  const detail = 'a\0b\ud800c';
  const gaps = [{ beganAt: START + 9000, endedAt: START + 8000 }];
  const strange = { errorDetail: detail, error: 99, replayPrivacy: 5, recordedMs: 1234.5, recordedBytes: 7.9, gaps };
  await apply(database, [makeFact(1, 1, { ...strange, endedAt: START - 1000 })]);
  const session = await one(database, `select error, error_detail, recorded_ms, ended_at = started_at as clamped from sessions`);
  assert.deepEqual(session, { error: 8, error_detail: 'ab\ufffdc', recorded_ms: 1234, clamped: true });
  assert.equal((await one(database, `select privacy from videos where not is_live`))['privacy'], 1);
});

for (const isolation of ['read committed', 'repeatable read', 'serializable'] as const) {
  for (const n of [24, 200]) {
    test(`${n} lives start, cut and end at once, each by itself, at ${isolation}`, async (t) => {
      const connection = await cloneDatabase();
      const options = `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`;
      const database = await Database.open({ connection: { ...connection, options }, log: createLog('silent') });
      t.after(() => database.close());
      await makeLives(database, n);
      const errorsBefore = (await postgresErrors()).length;
      const lives = Array.from({ length: n }, (_, i) => i + 1);
      const all = async (make: (i: number) => SessionFact[]): Promise<void> => {
        await Promise.all(lives.map((i) => apply(database, make(i), { isolation })));
      };
      await all((i) => [makeFact(i, i)]);
      const onAir = `select count(*) from sessions s join videos v on v.id = s.live_id where s.ended_at is null and v.state = 1`;
      assert.equal((await one(database, onAir))['count'], n);
      const cut = (i: number) => [makeFact(i, i, { revision: 2, endedAt: START + 10 * 60_000 }), makeFact(1000 + i, i)];
      const end = (i: number) => [makeFact(1000 + i, i, { revision: 2, endedAt: START + 30 * 60_000 })];
      if (n < 100) await all(cut);
      else await apply(database, lives.flatMap(cut), { isolation }); // prettier-ignore
      assert.equal((await one(database, onAir))['count'], n);
      if (n < 100) await all(end);
      else await apply(database, lives.flatMap(end), { isolation }); // prettier-ignore
      const counts = await one(
        database,
        `select (select count(*) from sessions where ending_processed and end_reason = 'unpublished') as sessions,
           (select count(*) from replays join videos v on v.uuid = session_id) as replays,
           (select count(*) from videos where is_live and state = 4) as waiting`,
      );
      assert.deepEqual(counts, { sessions: 2 * n, replays: 2 * n, waiting: n });
      if (isolation === 'read committed') assert.equal((await postgresErrors()).length, errorsBefore, 'not one error in the log');
    });
  }
}

test('200 facts in one batch: few round trips', async (t) => {
  const database = await withDatabase(t);
  await makeLives(database, 200);
  let trips = 0;
  const facts = Array.from({ length: 200 }, (_, i) => makeFact(i + 1, i + 1, i % 2 === 0 ? {} : { endedAt: START + 1e6 }));
  await database.transaction((client) => {
    const counting: Queryable = { query: (query, values) => ((trips += 1), client.query(query, values)) };
    return applySessionFacts(counting, facts);
  });
  assert.ok(trips <= 11, `${trips} round trips`);
  assert.equal((await one(database, `select count(*) from replays`))['count'], 100);
});

for (const isolation of ['read committed', 'serializable'] as const) {
  test(`a failure of any statement is made good by the next try, at ${isolation}`, async (t) => {
    const database = await withDatabase(t);
    await makeLives(database, 30);
    const gaps = [{ beganAt: START + 5000, endedAt: START + 6000 }];
    let statements = Number.POSITIVE_INFINITY;
    for (let failing = 1; failing <= statements; failing += 1) {
      const n = failing;
      await apply(database, [makeFact(n, n)]);
      const facts = [makeFact(n, n, { revision: 2, endedAt: START + 1e6, gaps }), makeFact(100 + n, n)];
      let tries = 0;
      await database.transaction(
        async (client) => {
          tries += 1;
          let count = 0;
          const cut: Queryable = {
            query: async (query, values) => {
              count += 1;
              // Odd statements lose their connection, even ones conflict.
              if (tries === 1 && count === failing && failing % 2 === 1)
                await client.query('select pg_terminate_backend(pg_backend_pid())');
              if (tries === 1 && count === failing)
                await client.query(`do $$ begin raise exception 'forced' using errcode = '40001'; end $$`);
              return client.query(query, values);
            },
          };
          await applySessionFacts(cut, facts);
          statements = count;
        },
        { isolation, idempotent: true },
      );
      assert.equal(tries, 2);
      const counts = await one(
        database,
        `select count(*) filter (where ended_at is not null and ending_processed) as ended, count(*) as sessions,
           (select count(*) from replays where session_id = '${sessionId(n)}') as replays,
           (select count(*) from session_gaps where session_id = '${sessionId(n)}') as gaps
         from sessions where live_id = ${n}`,
      );
      assert.deepEqual(counts, { ended: 1, sessions: 2, replays: 1, gaps: 1 }, `statement ${failing}`);
    }
    assert.ok(statements >= 9 && statements < 30);
  });
}

test('the replay of a session whose live was renamed to the longest name has a name', async (t) => {
  const database = await withDatabase(t);
  await makeLives(database, 1);
  await database.query(`update videos set name = repeat('ä', 250)`);
  await apply(database, [makeFact(1, 1, { endedAt: START + 5000 })]);
  const { name } = await one(database, `select name from videos where not is_live`);
  assert.equal(name, `${'ä'.repeat(231)} - 2026-03-01 12:34`);
});

test('the same facts from two connections at once are written once', async (t) => {
  const database = await withDatabase(t);
  await makeLives(database, 40);
  const facts = Array.from({ length: 40 }, (_, i) => [
    makeFact(i + 1, i + 1, { revision: 2, endedAt: START + 1e6 }),
    makeFact(100 + i, i + 1),
  ]).flat();
  const results = await Promise.all(
    Array.from({ length: 8 }, (_, i) => apply(database, i % 2 === 0 ? facts : facts.toReversed())),
  );
  for (const { replays } of results) assert.equal(replays.length, 40);
  assert.equal((await one(database, `select count(*) from videos`))['count'], 80);
});

test('many sessions of one live at once: the newest is open, none is lost, none fails', async (t) => {
  const database = await withDatabase(t);
  await makeLives(database, 1);
  const numbers = Array.from({ length: 40 }, (_, i) => i + 1);
  await Promise.all(numbers.map((n) => apply(database, [makeFact(((n * 7) % 40) + 1, 1)])));
  const { rows } = await database.query(`select id from sessions where ended_at is null`);
  assert.deepEqual(rows, [{ id: sessionId(40) }]);
  assert.equal((await one(database, `select count(*) from sessions`))['count'], 40);
});

test('lives that are deleted while their facts come: every fact is written or skipped', async (t) => {
  const database = await withDatabase(t);
  await makeLives(database, 40);
  const numbers = Array.from({ length: 40 }, (_, i) => i + 1);
  const deletions = numbers.map((n) => database.query(`delete from videos where uuid = $1`, [liveUuid(n)]));
  const results = await Promise.all(numbers.map((n) => apply(database, [makeFact(n, n, { endedAt: START + 1e6 })])));
  await Promise.all(deletions);
  const { count } = await one(database, `select count(*) from sessions`);
  assert.equal(Number(count) + results.flatMap(({ skipped }) => skipped).length, 40);
});
