import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Database } from '../../src/database/database.ts';
import { createLog } from '../../src/log.ts';
import { FfmpegPublisher } from '../support/ffmpeg-publisher.ts';
import { fetchText, http } from '../support/http.ts';
import { withPostgres } from '../support/postgres.ts';
import { Server } from '../support/server.ts';
import { ServerApi } from '../support/server-api.ts';
import { requireTool } from '../support/tools.ts';
import { until } from '../support/until.ts';

/** The server starts while PostgreSQL is away; what was changed before, and what was broadcast meanwhile, is true when it comes back. */
test('broadcasts start before their database', { timeout: 120_000 }, async (t) => {
  const ffmpeg = requireTool(t, 'ffmpeg');
  if (ffmpeg === null) return;
  const { postgres, start } = await withPostgres(t);
  const { user, database: name, host } = postgres.connection;
  const server = await Server.start(t, { DATABASE_URL: `postgres://${user}@localhost/${name}?host=${encodeURIComponent(host)}` });
  const api = await ServerApi.signIn(server);
  const staying = await api.addLive('Stays');
  const deleted = await api.addLive('Is deleted while the server is down');
  const changed = await api.addLive('Gets another key while the server is down');
  const file = join(server.dataDirectory, 'directory.json');
  await until('the snapshot has the lives', async () => (await readFile(file, 'utf8')).includes(changed.streamKey));
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  await server.stop();

  const freshKey = 'eeeeeeee-0000-4000-8000-000000000001';
  const elsewhere = await Database.open({ connection: { ...postgres.connection }, log: createLog('silent') });
  await elsewhere.query('delete from videos where uuid = $1', [deleted.uuid]);
  await elsewhere.query('update lives set stream_key = $1 where stream_key = $2', [freshKey, changed.streamKey]);
  await elsewhere.close();
  await postgres.close();

  await server.start();
  assert.equal(server.said('the database is away: starting with what was known of it').length, 1);
  const asked = performance.now();
  const answer = await http(`${server.url}/api/v1/videos`);
  assert.equal(answer.status, 503);
  assert.match(String(answer.headers['content-type']), /problem\+json/);
  assert.ok(Number(answer.headers['retry-after']) > 0);
  assert.ok(performance.now() - asked < 2_000, 'it says so at once');
  assert.equal((await http(`${server.url}/api/v1/config`)).status, 200);

  // A whole session, and one of a live that is no more.
  const began = Date.now();
  const publisher = new FfmpegPublisher(t, { ffmpeg, url: staying.rtmpUrl });
  const ghost = new FfmpegPublisher(t, { ffmpeg, url: deleted.rtmpUrl });
  await Promise.all([publisher.reached(90), ghost.reached(30)]);
  assert.match(await fetchText(staying.playlistUrl), /0\.m3u8/);
  await publisher.stop();
  const ended = Date.now();

  // Closed and started once more without it.
  const stopping = performance.now();
  await server.stop();
  assert.ok(performance.now() - stopping < 10_000);
  await ghost.end();
  await server.start();
  const ghostAgain = new FfmpegPublisher(t, { ffmpeg, url: deleted.rtmpUrl });
  await ghostAgain.reached(30);

  await start();
  await server.saying('the database is there', ({ msg }) => msg === 'the database is there', 20_000);
  assert.notEqual(await ghostAgain.end(), null, 'the publisher of the deleted live is disconnected');
  const session = await until('the session has its replay', async () => {
    const sessions = await api.sessions(staying);
    return sessions.length === 1 && sessions[0].replayVideo !== undefined ? sessions[0] : null;
  });
  const [startedAt, endedAt] = [Date.parse(session.startDate), Date.parse(session.endDate!)];
  assert.ok(
    startedAt >= began && startedAt < began + 5_000 && endedAt > startedAt + 1_000 && endedAt <= ended + 500,
    'true times',
  );
  assert.match(await fetchText(api.playlistUrl(session.replayVideo!.uuid)), /0\.m3u8/);
  const fresh = new FfmpegPublisher(t, { ffmpeg, url: server.rtmpUrl(freshKey) });
  await fresh.reached(30);
  await fresh.stop();
  const known = new FfmpegPublisher(t, { ffmpeg, url: changed.rtmpUrl });
  assert.notEqual(await known.end(), 0, 'the former key is none');

  // What is not whole is left out, and no reason not to start.
  await server.stop();
  await writeFile(file, (await readFile(file)).subarray(0, 200));
  await server.start();
  assert.equal(server.said('the snapshot of the directory cannot be read: left out').length, 1);
  const log = JSON.stringify(server.log);
  for (const key of [staying.streamKey, deleted.streamKey, changed.streamKey, freshKey])
    assert.ok(!log.includes(key), 'no key in the log');
});
