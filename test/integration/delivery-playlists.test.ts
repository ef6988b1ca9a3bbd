import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { liveRecord } from '../support/broadcast.ts';
import { DeliveryRig, readPlaylist } from '../support/delivery.ts';
import { http } from '../support/http.ts';
import { until } from '../support/until.ts';

const { videoUuid } = liveRecord();

test('a live that is unknown, or was never broadcast, is 404 for a second and no longer', async (t) => {
  const rig = await DeliveryRig.open(t);
  for (const url of [
    rig.playlistUrl(videoUuid),
    rig.masterUrl(videoUuid),
    rig.playlistUrl('00000000-0000-4000-8000-000000000000'),
  ]) {
    const answer = await http(url);
    assert.deepEqual([answer.status, answer.headers['cache-control']], [404, 'public, max-age=1'], url);
    assert.equal(answer.headers['access-control-allow-origin'], '*');
  }
});

test('a blocking reload is answered once, when its part is there, however many wait', async (t) => {
  const rig = await DeliveryRig.open(t);
  const publisher = await rig.broadcast.publish();
  publisher.send(3.1);
  const { timeline } = rig.edge;
  const next = `?_HLS_msn=${timeline.segments.next}&_HLS_part=${timeline.openParts.length}`;
  const answers = Array.from({ length: 50 }, () => readPlaylist(rig.playlistUrl(videoUuid, next)));
  await until('all wait', () => rig.delivery.waiting === 50);
  publisher.send(0.3);
  for (const answer of await Promise.all(answers)) assert.ok((answer.open?.parts.length ?? 0) > 0);
  assert.equal(rig.delivery.waiting, 0);
  // Once it is there the answer is at once, and may be kept.
  const { headers } = await http(rig.playlistUrl(videoUuid, next));
  assert.equal(headers['cache-control'], `public, max-age=${6 * timeline.targetDuration}`);
  assert.equal((await http(rig.playlistUrl(videoUuid))).headers['cache-control'], 'public, max-age=1');
});

test('a part behind the last of its segment is the first of the next', async (t) => {
  const rig = await DeliveryRig.open(t);
  const publisher = await rig.broadcast.publish();
  publisher.send(2.02);
  const { timeline } = rig.edge;
  const last = timeline.listedParts.at(-1);
  assert.ok(last !== undefined && timeline.openParts.length === 0);
  const answer = readPlaylist(rig.playlistUrl(videoUuid, `?_HLS_msn=${last.sequence}&_HLS_part=${last.parts.length}`));
  await until('it waits', () => rig.delivery.waiting === 1);
  publisher.send(0.4);
  assert.ok(((await answer).open?.parts.length ?? 0) > 0);
});

test('directives that make no sense are 400, with a reason', async (t) => {
  const rig = await DeliveryRig.open(t);
  const publisher = await rig.broadcast.publish();
  publisher.send(3.1);
  for (const query of [
    '?_HLS_msn=-1',
    '?_HLS_msn=x',
    '?_HLS_part=0',
    '?_HLS_msn=9',
    '?_HLS_msn=3&_HLS_part=99',
    '?_HLS_skip=no',
    '?_HLS_msn=1e3',
  ]) {
    assert.equal((await http(rig.playlistUrl(videoUuid, query))).status, 400, query);
  }
  for (const query of ['?_HLS_msn=0', '?_HLS_skip=YES', '?_HLS_skip=v2', '?token=x', '?_HLS_msn=1&_HLS_part=0']) {
    assert.equal((await http(rig.playlistUrl(videoUuid, query))).status, 200, query);
  }
});

test('a part that does not come: 503 while the publisher is there, the old playlist while it is away', async (t) => {
  const rig = await DeliveryRig.open(t);
  const publisher = await rig.broadcast.publish();
  publisher.send(3.1);
  const { timeline } = rig.edge;
  const ask = async () => {
    const answer = http(rig.playlistUrl(videoUuid, `?_HLS_msn=${timeline.segments.next + 1}`));
    await until('it waits', () => rig.delivery.waiting === 1);
    rig.broadcast.nowMs += 3 * timeline.targetDuration * 1000;
    return answer;
  };
  assert.equal((await ask()).status, 503);
  publisher.end('disconnected');
  const away = await ask();
  assert.deepEqual([away.status, away.headers['cache-control']], [200, 'public, max-age=1']);
});

test('ten thousand requests that are given up leave nothing behind', async (t) => {
  const rig = await DeliveryRig.open(t);
  const publisher = await rig.broadcast.publish();
  publisher.send(3.1);
  const { timeline } = rig.edge;
  const path = new URL(rig.playlistUrl(videoUuid, `?_HLS_msn=${timeline.segments.next + 1}`)).pathname;
  const query = `?_HLS_msn=${timeline.segments.next + 1}`;
  const hint = `${timeline.run?.baseUri}/${timeline.nextPartStart}.m4s`;
  const get = (what: string): string => `GET ${what} HTTP/1.1\r\nHost: x\r\n\r\n`;
  for (let round = 0; round < 10; round += 1) {
    const sockets = Array.from({ length: 1000 }, () => connect(Number(new URL(rig.url).port), '127.0.0.1'));
    // The others are read when the first is answered: requests of one connection are answered in their order.
    sockets.forEach((socket, n) => socket.on('error', () => {}).write(get(n % 2 === 0 ? path + query : hint).repeat(3)));
    await until('all wait', () => rig.delivery.waiting === 1000, { withinMs: 20_000 });
    for (const socket of sockets) socket.destroy();
    await until('none waits', () => rig.delivery.waiting === 0, { withinMs: 20_000 });
  }
  publisher.send(0.5);
  publisher.end();
  await rig.broadcast.lives.close();
  assert.equal(rig.broadcast.pool.bytesInUse, 0, 'no memory is held for them');
});

test('playlists: gzip for those who take it, 304 for those who have it, HEAD, CORS', async (t) => {
  const rig = await DeliveryRig.open(t);
  const publisher = await rig.broadcast.publish();
  publisher.send(8.1);
  const url = rig.playlistUrl(videoUuid);
  const plain = await http(url);
  assert.deepEqual(
    [plain.headers['content-encoding'], plain.headers.vary, plain.headers['content-type']],
    [undefined, 'Accept-Encoding', 'application/vnd.apple.mpegurl'],
  );
  const zipped = await http(url, { headers: { 'accept-encoding': 'br, gzip;q=0.5' } });
  assert.equal(zipped.headers['content-encoding'], 'gzip');
  assert.equal(gunzipSync(zipped.body).toString(), plain.text);
  assert.equal(
    (await http(url, { headers: { 'accept-encoding': 'gzip;q=0, identity' } })).headers['content-encoding'],
    undefined,
  );
  assert.equal((await http(url, { headers: { 'if-none-match': String(zipped.headers.etag) } })).status, 304);
  const head = await http(url, { method: 'HEAD' });
  assert.deepEqual([head.status, head.body.length, head.headers['content-length']], [200, 0, String(plain.body.length)]);
  publisher.send(0.3);
  assert.equal((await http(url, { headers: { 'if-none-match': String(plain.headers.etag) } })).status, 200, 'it has changed');
  const preflight = await http(url, {
    method: 'OPTIONS',
    headers: { origin: 'https://else.example', 'access-control-request-headers': 'authorization,range' },
  });
  assert.equal(preflight.status, 204);
  assert.match(String(preflight.headers['access-control-allow-headers']), /Authorization, Range/);
  assert.equal((await http(rig.masterUrl(videoUuid))).status, 200);
});

test('a delta update has what a player with the whole playlist lacks', async (t) => {
  const rig = await DeliveryRig.open(t, { lives: [liveRecord(1, { dvrWindowS: 120 })] });
  const publisher = await rig.broadcast.publish();
  publisher.send(60.1);
  const whole = await readPlaylist(rig.playlistUrl(videoUuid));
  const delta = await readPlaylist(rig.playlistUrl(videoUuid, '?_HLS_skip=YES'));
  assert.ok(delta.skipped > 40);
  assert.deepEqual(
    delta.segments.map(({ uri, sequence }) => [uri, sequence]),
    whole.segments.slice(delta.skipped).map(({ uri, sequence }) => [uri, sequence]),
  );
  assert.ok(delta.segments.length >= 6 * whole.targetDuration);
});

test('a bug met in the answer to a viewer does not reach the publisher', async (t) => {
  const rig = await DeliveryRig.open(t);
  const publisher = await rig.broadcast.publish();
  publisher.send(3.1);
  const { timeline } = rig.edge;
  const waiting = http(rig.playlistUrl(videoUuid, `?_HLS_msn=${timeline.segments.next + 1}`));
  // A waiter whose question throws: a bug of ours, as it would be.
  let throwing = false;
  Object.defineProperty(timeline, 'ended', {
    get: () => {
      if (throwing) throw new Error('a bug');
      return false;
    },
  });
  await until('it waits', () => rig.delivery.waiting === 1);
  throwing = true;
  publisher.send(0.3);
  assert.equal((await waiting).status, 500);
  assert.equal(rig.broadcast.diary.of('delivery failed').length, 1);
  throwing = false;
  publisher.send(3);
  assert.equal(rig.edge.timeline.online, true);
});

test('closing answers all who wait, and those who come after', async (t) => {
  const rig = await DeliveryRig.open(t);
  const publisher = await rig.broadcast.publish();
  publisher.send(3.1);
  const url = rig.playlistUrl(videoUuid, `?_HLS_msn=${rig.edge.timeline.segments.next + 1}`);
  const answer = http(url);
  await until('it waits', () => rig.delivery.waiting === 1);
  rig.delivery.close();
  assert.equal((await answer).status, 503);
  assert.equal((await http(url)).status, 503);
});
