import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAttempts } from '../../src/api/list-attempts.ts';
import { insertAttempts } from '../../src/database/attempts.ts';
import type { AttemptRow } from '../../src/database/attempts.ts';
import { Database } from '../../src/database/database.ts';
import { uuidv7 } from '../../src/lives/uuidv7.ts';
import { createLog } from '../../src/log.ts';
import { ApiHarness } from '../support/api.ts';
import { Broadcast, BEGAN, liveRecord } from '../support/broadcast.ts';
import { withDatabase, withPostgres } from '../support/postgres.ts';

const KEEP = { ofLive: 100, ofNobody: 1000 };
const UNKNOWN = '11111111-2222-4333-8444-555555555555';

function attempt(videoUuid: string | null, at: number, change: Partial<AttemptRow> = {}): AttemptRow {
  const told = { code: 'accepted', key: '1111…', address: '192.0.2.1', encoder: null, sessionId: null };
  return { id: uuidv7(at), videoUuid, at, ...told, ...change };
}

test('the door keeps every try, accepted or refused, with the key masked', async (t) => {
  const heard: unknown[] = [];
  const broadcast = await Broadcast.open(t, {
    lives: [liveRecord(1, { takeover: 'refuse' })],
    settings: { attempted: (each) => heard.push(each) },
  });
  const { videoUuid } = liveRecord();
  const first = await broadcast.publish();
  first.send(1);
  await assert.rejects(broadcast.publish());
  await assert.rejects(broadcast.publish(UNKNOWN));
  broadcast.lives.refused('wrong_app', null);
  const { attempts } = broadcast.lives;
  assert.deepEqual(
    attempts.of(videoUuid).map(({ code, sessionId }) => [code, sessionId]),
    [
      ['already_publishing', null],
      ['accepted', first.sessionId],
    ],
  );
  assert.deepEqual(
    attempts.of(null).map(({ code, key }) => [code, key]),
    [['unknown_key', '1111…']],
  );
  assert.equal(attempts.counts.get('wrong_app'), 1);
  assert.equal(heard.length, 3);
  assert.deepEqual(broadcast.lives.find({ uuid: videoUuid }), { uuid: videoUuid, ownerId: liveRecord().ownerId });
  await broadcast.lives.remove(videoUuid);
  assert.deepEqual([attempts.of(videoUuid), broadcast.lives.find({ id: 1 })], [[], null]);
});

test('the database keeps the newest of each live and of unknown keys; writing twice is writing once', async (t) => {
  const api = await ApiHarness.open(t);
  const as = await api.signIn();
  const [one, two] = [await api.addLive(as), await api.addLive(as)];
  const rows = [0, 1, 2, 3, 4].flatMap((n) => [one.uuid, two.uuid, null, UNKNOWN].map((uuid) => attempt(uuid, BEGAN + n)));
  const keep = { ofLive: 3, ofNobody: 2 };
  for (let times = 0; times < 2; times += 1)
    await api.database.transaction((client) => insertAttempts(client, rows, keep), { idempotent: true });
  const { rows: counts } = await api.database.query<{ live: number | null; count: number; first: Date }>(
    'select live_id as live, count(*) as count, min(at) as first from attempts group by live_id order by live_id nulls last',
  );
  assert.deepEqual(
    counts.map(({ live, count, first }) => [live, count, first.getTime() - BEGAN]),
    [
      [one.id, 3, 2],
      [two.id, 3, 2],
      [null, 2, 3],
    ],
  );
});

test('a live deleted meanwhile, and text that no database takes, cost nothing', async (t) => {
  const database = await withDatabase(t);
  const rows = [attempt(UNKNOWN, BEGAN), attempt(null, BEGAN, { encoder: 'a\0b\ud800' })];
  await database.transaction((client) => insertAttempts(client, rows, KEEP));
  const { rows: kept } = await database.query<{ encoder: string }>('select encoder from attempts');
  assert.deepEqual(kept, [{ encoder: 'ab\ufffd' }]);
});

test('the API tells them to the owner and to administrators, newest first, in pages, from memory and database as one', async (t) => {
  const api = await ApiHarness.open(t);
  const as = await api.signIn();
  const live = await api.addLive(as);
  const [written, both] = [attempt(live.uuid, BEGAN), attempt(live.uuid, BEGAN + 1000, { code: 'takeover_held_down' })];
  await api.database.transaction((client) => insertAttempts(client, [written, both], KEEP));
  const inMemory = attempt(live.uuid, BEGAN + 2000, { sessionId: UNKNOWN, encoder: 'OBS' });
  api.door.attempted = [inMemory, both];
  const url = `/videos/live/${live.uuid}/attempts`;
  const { total, data } = await api.json({ url, as });
  assert.equal(total, 3);
  assert.deepEqual(data[0], {
    date: new Date(BEGAN + 2000).toISOString(),
    accepted: true,
    code: 'accepted',
    text: '',
    address: '192.0.2.1',
    encoder: 'OBS',
    sessionId: UNKNOWN,
  });
  assert.partialDeepStrictEqual(data[1], { accepted: false, code: 'takeover_held_down' });
  assert.match(data[1].text, /Stop one of them/);
  const page = await api.json({ url: `${url}?start=1&count=1`, as });
  assert.deepEqual([page.total, page.data], [3, [data[1]]]);

  const other = await api.addUser('other');
  api.door.known = [{ ...live, ownerId: 1 }]; // from here on no database is asked for the live
  await api.json({ url }, 401);
  await api.json({ url, as: other.token }, 403);
  await api.json({ url: '/videos/live/999999/attempts', as }, 404);
});

test('without a database: what memory has', async (t) => {
  const { postgres } = await withPostgres(t);
  const database = await Database.open({ connection: { ...postgres.connection }, log: createLog('silent') });
  t.after(() => database.close());
  await postgres.close();
  const inMemory = [attempt(UNKNOWN, BEGAN)];
  assert.deepEqual(await readAttempts(database, UNKNOWN, inMemory, 100), inMemory);
});
