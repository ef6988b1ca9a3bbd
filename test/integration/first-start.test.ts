import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadDirectory } from '../../src/database/directory.ts';
import { ensureRoot } from '../../src/database/first-start.ts';
import { verifyPassword } from '../../src/database/password.ts';
import { findUserByLogin } from '../../src/database/users.ts';
import { ApiHarness } from '../support/api.ts';
import { withDatabase } from '../support/postgres.ts';

test('the first start makes root, its channel, a first live and the client; the second makes nothing', async (t) => {
  const database = await withDatabase(t);
  const first = await ensureRoot(database, { password: null, dvrWindowS: 600 });
  assert.equal(first.created, true);
  assert.ok(first.password !== null && first.password.length >= 16);
  const root = await findUserByLogin(database, 'root');
  assert.equal(root?.role, 0);
  assert.equal(await verifyPassword(first.password, root.passwordHash), true);
  const { lives, replays } = await loadDirectory(database);
  assert.deepEqual(replays, []);
  assert.equal(lives.length, 1);
  const { streamKey, videoUuid, ...live } = lives[0];
  assert.ok(streamKey && videoUuid);
  assert.deepEqual(live, {
    videoId: 1,
    channelId: 1,
    ownerId: 1,
    ownerBlocked: false,
    name: 'First live',
    privacy: 1,
    permanent: true,
    ended: false,
    saveReplay: true,
    replayPrivacy: 1,
    reconnectWindowMs: null,
    takeover: 'take_over',
    latencyMode: 1,
    dvrWindowS: 600,
  });
  assert.deepEqual(await ensureRoot(database, { password: 'another', dvrWindowS: 600 }), { created: false, password: null });
  assert.equal(await verifyPassword(first.password, (await findUserByLogin(database, 'root'))!.passwordHash), true);
});

test('servers that start at one instant make one root', async (t) => {
  const database = await withDatabase(t);
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => ensureRoot(database, { password: 'the same', dvrWindowS: 600 })),
  );
  assert.equal(answers.filter((answer) => answer.created).length, 1);
  assert.equal(answers.filter((answer) => answer.password !== null).length, 1);
  const { rows } = await database.query<{ users: number; channels: number; lives: number; clients: number }>(
    `select (select count(*) from users) as users, (select count(*) from channels) as channels, (select count(*) from lives) as lives,
            (select count(*) from oauth_clients) as clients`,
  );
  assert.deepEqual(rows, [{ users: 1, channels: 1, lives: 1, clients: 1 }]);
});

test('the directory holds every live and every replay, as the API tells them one by one', async (t) => {
  const api = await ApiHarness.open(t);
  const as = await api.signIn();
  await api.addLive(as, { saveReplay: true, replaySettings: { privacy: 4 }, reconnectWindow: 0, takeover: 'refuse', privacy: 3 });
  const plain = await api.addLive(as, { permanentLive: false });
  const told = api.door.take().map(({ call: _, ...live }) => live);
  const id = '01900000-0000-7000-8000-00000000000a';
  await api.addSession(String(told[0]['videoUuid']), { id, startedAt: new Date(0), endedAt: new Date(1000), replayPrivacy: 4 });
  await api.database.query('update videos set state = 5 where id = $1', [plain.id]);
  await api.database.query('update users set blocked = true');
  const { lives, replays } = await loadDirectory(api.database);
  assert.deepEqual(lives.slice(1), [
    { ...told[0], ownerBlocked: true },
    { ...told[1], ownerBlocked: true, ended: true },
  ]);
  assert.deepEqual(replays, [{ videoUuid: id, sessionId: id, privacy: 4, ownerId: 1 }]);
});
