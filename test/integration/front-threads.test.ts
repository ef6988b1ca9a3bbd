import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Front } from '../../src/front/front.ts';
import { liveRecord, OWNER } from '../support/broadcast.ts';
import { readPlaylist } from '../support/delivery.ts';
import { FrontRig } from '../support/front.ts';
import { fetchText, http } from '../support/http.ts';
import type { Answer } from '../support/http.ts';
import { until } from '../support/until.ts';

const { videoUuid } = liveRecord();
const NOBODY = '00000000-0000-4000-8000-00000000dead';

/** Each request has a connection of its own, and may come to any thread: so many come to all of them, most likely. */
function askAll(url: string, options: Parameters<typeof http>[1] = {}): Promise<Answer[]> {
  return Promise.all(Array.from({ length: 12 }, () => http(url, options)));
}

for (const threads of [1, 2]) {
  test(`${threads}: playlists, parts and segments are the same from every thread, and are waited for`, async (t) => {
    const rig = await FrontRig.open(t, threads);
    const publisher = await rig.broadcast.publish();
    publisher.send(9.5);
    const answers = await askAll(rig.playlistUrl(videoUuid));
    assert.deepEqual([...new Set(answers.map(({ text, headers }) => `${headers.etag} ${text}`))].length, 1);
    const listed = await readPlaylist(rig.playlistUrl(videoUuid));
    for (const { uri, parts, map } of listed.segments) {
      for (const each of [map, uri, ...parts.map((part) => part.uri)]) {
        assert.equal((await http(rig.url + String(each))).status, 200, String(each));
      }
    }
    const next = listed.segments.length + 1;
    const waiting = askAll(rig.playlistUrl(videoUuid, `?_HLS_msn=${next}&_HLS_part=0`));
    await until('all wait', async () => (await rig.front.counts()).waiting === 12);
    publisher.send(2);
    for (const { status, text } of await waiting) {
      assert.equal(status, 200);
      assert.match(text, /#EXT-X-PART:/);
    }
    const counts = await rig.front.counts();
    assert.deepEqual([counts.requests.refused, counts.failures, counts.waiting], [0, 0, 0]);
    assert.ok(counts.requests.playlist === 25 && counts.requests.part > 10 && counts.sentBytes > 100_000);
  });

  test(`${threads}: rights change at once in every thread, of playlists and of segments that were read`, async (t) => {
    const rig = await FrontRig.open(t, threads);
    const publisher = await rig.broadcast.publish();
    publisher.send(12);
    const playlist = rig.playlistUrl(videoUuid);
    const [{ uri }] = (await readPlaylist(playlist)).segments;
    const segment = rig.url + String(uri);
    const statuses = async (headers = {}): Promise<number[]> => [
      ...new Set([...(await askAll(playlist, { headers })), ...(await askAll(segment, { headers }))].map(({ status }) => status)),
    ];
    for (let round = 0; round < 3; round += 1) {
      rig.broadcast.lives.put(liveRecord(1, { privacy: 1 }));
      assert.deepEqual(await statuses(), [200]);
      rig.broadcast.lives.put(liveRecord(1, { privacy: 3 }));
      assert.deepEqual(await statuses(), [403]);
    }
    assert.deepEqual(await statuses({ authorization: 'Bearer owner' }), [200]);
    await rig.broadcast.lives.remove(videoUuid);
    assert.deepEqual(await statuses({ authorization: 'Bearer owner' }), [404]);
    assert.deepEqual([...new Set((await askAll(rig.playlistUrl(NOBODY))).map(({ status }) => status))], [404]);
    // What there was not, and is now.
    rig.broadcast.lives.put(liveRecord(1));
    const again = await rig.broadcast.publish();
    again.send(3);
    assert.deepEqual([...new Set((await askAll(playlist)).map(({ status }) => status))], [200]);
  });

  test(`${threads}: a live becomes its replay in every thread, at the same URLs`, async (t) => {
    const rig = await FrontRig.open(t, threads, { lives: [liveRecord(1, { permanent: false })] });
    const publisher = await rig.broadcast.publish();
    publisher.send(5);
    await askAll(rig.playlistUrl(videoUuid));
    publisher.end();
    await rig.broadcast.fact(publisher.sessionId, 'ended');
    const { sessionId } = publisher;
    const [live] = rig.broadcast.lives.directory().lives;
    rig.broadcast.lives.putReplay({ ...live, sessionId, ownerId: OWNER, privacy: 1 });
    for (const { status, text } of await askAll(rig.playlistUrl(videoUuid))) {
      assert.equal(status, 200);
      assert.match(text, /#EXT-X-PLAYLIST-TYPE:VOD/);
    }
    await until('no edge is kept', () => rig.pool.bytesInUse === 0);
  });

  test(`${threads}: a thread that dies while players wait is replaced: they find the same, and nothing is kept for it`, async (t) => {
    const rig = await FrontRig.open(t, threads);
    const publisher = await rig.broadcast.publish();
    publisher.send(6);
    const before = await askAll(rig.playlistUrl(videoUuid));
    const url = rig.playlistUrl(videoUuid, '?_HLS_msn=6');
    const lost = Promise.allSettled(Array.from({ length: 12 }, () => http(url)));
    await until('all wait', async () => (await rig.front.counts()).waiting === 12);
    const counted = await rig.front.counts();
    const { port } = rig.front;
    for (let i = 0; i < threads; i += 1) {
      await rig.front.kill();
      await until('the others', () => rig.front.threadCount < threads || i > 0);
    }
    assert.ok((await lost).some(({ status }) => status === 'rejected'));
    await until(
      'all threads',
      async () => rig.front.threadCount === threads && (await http(rig.playlistUrl(videoUuid))).status === 200,
    );
    assert.equal(rig.front.port, port);
    const [after] = await askAll(rig.playlistUrl(videoUuid));
    assert.deepEqual([after.text, after.headers.etag], [before[0].text, before[0].headers.etag]);
    const counts = await rig.front.counts();
    assert.ok(counts.requests.playlist >= counted.requests.playlist, 'what was counted stays');
    assert.equal(counts.waiting, 0);
    publisher.send(2);
    assert.match(await fetchText(url), /#EXT-X-PART:/);
    publisher.end();
    await rig.front.close();
    await rig.broadcast.lives.close();
    assert.equal(rig.pool.bytesInUse, 0);
  });

  test(`${threads}: what is not delivery's comes to the application; close answers who waits`, async (t) => {
    const rig = await FrontRig.open(t, threads);
    assert.equal((await http(`${rig.url}/api`)).status, 503);
    await rig.serve(t);
    const headers = { 'content-type': 'application/json', 'x-forwarded-for': '192.0.2.1' };
    const [{ text }] = await askAll(`${rig.url}/api/x?y=1`, { method: 'POST', headers, body: '{"a":"b"}' });
    assert.deepEqual(JSON.parse(text), { method: 'POST', url: '/api/x?y=1', ip: '127.0.0.1', body: { a: 'b' } });
    const head = await http(`${rig.url}/page`, { method: 'HEAD' });
    assert.deepEqual([head.status, head.text], [200, '']);
    assert.ok(Number(head.headers['content-length']) > 0);
    assert.equal((await http(`${rig.url}/api`, { method: 'POST', headers, body: '{' })).status, 400);

    const publisher = await rig.broadcast.publish();
    publisher.send(3);
    const waiting = askAll(rig.playlistUrl(videoUuid, '?_HLS_msn=3'));
    await until('all wait', async () => (await rig.front.counts()).waiting === 12);
    const closed = rig.front.close();
    for (const { status } of await waiting) assert.equal(status, 503);
    await closed;
    assert.equal(rig.front.threadCount, 0);
    await assert.rejects(http(`${rig.url}/api`));
  });

  test(`${threads}: a port that somebody has is told; closing while it starts ends`, async (t) => {
    const rig = await FrontRig.open(t, threads);
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    t.after(() => taken.close());
    const { port } = taken.address() as AddressInfo;
    const { lives, diary } = rig.broadcast;
    const options = {
      host: '127.0.0.1',
      threads,
      lives,
      log: diary.log,
      logLevel: 'silent',
      mayWatch: () => Promise.resolve(false),
    };
    const refused = new Front({ ...options, port });
    await assert.rejects(refused.start(), { code: 'EADDRINUSE' });
    await refused.close();
    assert.equal(refused.threadCount, 0);
    const early = new Front({ ...options, port: 0 });
    const starting = early.start().catch(() => 'not started');
    await early.close();
    await starting;
    await until('no thread is left', () => early.threadCount === 0);
  });
}
