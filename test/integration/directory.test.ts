import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Database } from '../../src/database/database.ts';
import { DirectoryListener } from '../../src/database/directory-listener.ts';
import { loadDirectory } from '../../src/database/directory.ts';
import { migrate } from '../../src/database/migrate.ts';
import { applySessionFacts } from '../../src/database/sessions.ts';
import { DirectoryKeeper } from '../../src/lives/directory-keeper.ts';
import { createLog } from '../../src/log.ts';
import { Broadcast } from '../support/broadcast.ts';
import type { TestPublisher } from '../support/broadcast.ts';
import { cloneDatabase, withPostgres } from '../support/postgres.ts';
import { liveUuid, makeLives } from '../support/session-facts.ts';
import { until } from '../support/until.ts';

const SOON = { withinMs: 1_000, everyMs: 10 };

const closeListener = new WeakMap<Database, () => Promise<void>>();

/** Closed after the test: who listens first, as the server does. */
async function openDatabase(t: TestContext, connection?: object): Promise<Database> {
  const database = await Database.open({ connection: { ...(connection ?? (await cloneDatabase())) }, log: createLog('silent') });
  t.after(async () => {
    await closeListener.get(database)?.();
    await database.close();
  });
  return database;
}

/** Lives that follow a database, as in the server. */
async function follow(
  t: TestContext,
  database: Database,
  count: number,
): Promise<{ broadcast: Broadcast; keeper: DirectoryKeeper }> {
  await makeLives(database, count);
  const { lives: records, replays } = await loadDirectory(database);
  let keeper: DirectoryKeeper | null = null;
  const settings = { directoryChanged: (uuid: string) => keeper?.noted(uuid) };
  const broadcast = await Broadcast.open(t, { lives: records, replays, settings });
  const { lives, diary } = broadcast;
  const made = new DirectoryKeeper({ database, lives, log: diary.log });
  keeper = made;
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  const listener = new DirectoryListener({
    database,
    log: diary.log,
    listening: () => made.reread({ removing: false }).then(resolve),
    changed: (videos) => made.changed(videos),
  });
  listener.start();
  closeListener.set(database, () => listener.close());
  await listening;
  return { broadcast, keeper: made };
}

function keyOf(broadcast: Broadcast, n: number): string {
  const record = broadcast.lives.liveRecord(liveUuid(n));
  assert.ok(record !== null);
  return record.streamKey;
}

/** A session that has ended, and its replay is published. */
async function publishReplay(broadcast: Broadcast, database: Database, key: string): Promise<TestPublisher> {
  const publisher = await broadcast.publish(key);
  publisher.send(2);
  publisher.end();
  await broadcast.lives.shelf.settled();
  await database.transaction((client) => applySessionFacts(client, broadcast.facts), { idempotent: true });
  await until('the replay is known', () => broadcast.lives.replayRecord(publisher.sessionId), SOON);
  return publisher;
}

test('lives and replays that are made, changed and deleted elsewhere are so here, within a second', async (t) => {
  const database = await openDatabase(t);
  const { broadcast } = await follow(t, database, 3);
  const { lives } = broadcast;
  const of = (n: number) => lives.liveRecord(liveUuid(n));

  const former = keyOf(broadcast, 1);
  const fresh = 'eeeeeeee-0000-4000-8000-000000000001';
  await database.query('update lives set stream_key = $1 where video_id = (select id from videos where uuid = $2)', [
    fresh,
    liveUuid(1),
  ]);
  await until('the key is another', () => of(1)?.streamKey === fresh, SOON);
  await assert.rejects(broadcast.publish(former), { code: 'unknown_key' });
  (await broadcast.publish(fresh)).end();

  await database.query(`update videos set privacy = 3, name = 'Mine' where uuid = $1`, [liveUuid(2)]);
  await until('it is private', () => of(2)?.privacy === 3 && of(2)?.name === 'Mine', SOON);
  await database.query(`update replay_settings set privacy = 4`);
  await until('replays are internal', () => [1, 2, 3].every((n) => of(n)?.replayPrivacy === 4), SOON);
  await database.query(`update users set blocked = true`);
  await until('the owner is blocked', () => [1, 2, 3].every((n) => of(n)?.ownerBlocked), SOON);
  await database.query(`update users set blocked = false`);
  await until('and is no more', () => [1, 2, 3].every((n) => of(n)?.ownerBlocked === false), SOON);

  const made = 'cccccccc-0000-4000-8000-000000000001';
  await database.transaction(async (client) => {
    await client.query(`insert into videos (uuid, channel_id, name, state, is_live) values ($1, 1, 'New', 4, true)`, [made]);
    await client.query(
      `insert into lives (video_id, stream_key, permanent, save_replay, dvr_window_s)
       select id, uuid, true, false, 0 from videos where uuid = $1`,
      [made],
    );
  });
  await until('the new live is there', () => lives.liveRecord(made), SOON);
  (await broadcast.publish(made)).end();

  const replay = await publishReplay(broadcast, database, keyOf(broadcast, 2));
  const onAir = await broadcast.publish(keyOf(broadcast, 2));
  onAir.send(2);
  await database.query('delete from videos where uuid = $1', [liveUuid(2)]);
  await until('its publisher is told', () => onAir.closedWith.includes('live_deleted'), SOON);
  assert.equal(of(2), null);
  assert.ok(existsSync(broadcast.recordingDirectory(replay.sessionId)), 'the replay of a deleted live stays');

  await database.query('delete from videos where uuid = $1', [replay.sessionId]);
  await until('the recording is deleted', () => !existsSync(broadcast.recordingDirectory(replay.sessionId)), SOON);
  assert.equal(lives.replayRecord(replay.sessionId), null);
  assert.ok(!JSON.stringify(broadcast.diary.lines).includes(fresh), 'no key in the log');
});

test('what a deletion that was rolled back, a lost row, or an emptied database tells deletes no recording', async (t) => {
  const database = await openDatabase(t);
  const { broadcast, keeper } = await follow(t, database, 2);
  const replay = await publishReplay(broadcast, database, keyOf(broadcast, 1));
  const { sessionId } = replay;
  const isThere = (): boolean =>
    existsSync(broadcast.recordingDirectory(sessionId)) && broadcast.lives.replayRecord(sessionId) !== null;

  // Told of a deletion, but the row is there.
  await keeper.changed(
    new Map([
      [sessionId, true],
      [liveUuid(1), true],
    ]),
  );
  assert.ok(isThere() && broadcast.lives.liveRecord(liveUuid(1)) !== null);
  // No row, and nobody deleted the video.
  await database.query('delete from replays where session_id = $1', [sessionId]);
  await broadcast.diary.line('a video is no replay any more, but was not deleted: its recording stays');
  assert.ok(isThere());
  // Everything is gone without a word, as in another database.
  await database.query('truncate videos cascade');
  await keeper.reread({ removing: true });
  assert.ok(isThere());
  assert.equal(broadcast.lives.count().lives, 2, 'not one live of ours is there: that is no deletion');
  assert.equal(
    broadcast.diary.of('the database does not have everything that is known here: it stays until the next start').length,
    1,
  );
});

test('what the API does while the database is read is not undone by what was read', async (t) => {
  const database = await openDatabase(t);
  const { broadcast, keeper } = await follow(t, database, 1);
  const record = broadcast.lives.liveRecord(liveUuid(1))!;
  const reading = keeper.reread({ removing: true });
  await new Promise(setImmediate); // asked, and not answered yet
  broadcast.lives.put({ ...record, name: 'Newer' });
  await reading;
  assert.equal(broadcast.lives.liveRecord(liveUuid(1))?.name, 'Newer');
});

test(
  'listening survives PostgreSQL being stopped and killed: what was changed meanwhile is read',
  { timeout: 60_000 },
  async (t) => {
    const { postgres, start } = await withPostgres(t);
    const database = await openDatabase(t, postgres.connection);
    await migrate(database);
    const { broadcast } = await follow(t, database, 1);
    const nameIs = (name: string) => () => broadcast.lives.liveRecord(liveUuid(1))?.name === name;
    await postgres.close();
    await broadcast.diary.line('not listening to the database: changes made elsewhere wait');
    const again = await start();
    const other = await Database.open({ connection: { ...again.connection }, log: createLog('silent') });
    await other.query(`update videos set name = 'Meanwhile'`);
    await until('it is read when listening again', nameIs('Meanwhile'));
    await broadcast.diary.line('listening to the database again');
    await other.query(`update videos set name = 'After'`);
    await until('and it is told again', nameIs('After'), SOON);
    await other.close();
  },
);
