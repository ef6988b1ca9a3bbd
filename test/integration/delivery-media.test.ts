import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, symlinkSync, truncateSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { liveRecord, OWNER } from '../support/broadcast.ts';
import { DeliveryRig, readPlaylist } from '../support/delivery.ts';
import { fetchBytes, http } from '../support/http.ts';
import { parsePlaylist } from '../support/playlist.ts';
import { until } from '../support/until.ts';

const { videoUuid } = liveRecord();

test('every URI of a live playlist gives the bytes that are recorded, from memory and from the disk', async (t) => {
  const rig = await DeliveryRig.open(t);
  const publisher = await rig.broadcast.publish();
  publisher.send(9.5);
  const volume = join(rig.broadcast.recordingDirectory(publisher.sessionId), '000001.mp4');
  const listed = await readPlaylist(rig.playlistUrl(videoUuid));
  publisher.end();
  await rig.broadcast.lives.shelf.settled();
  const recorded = readFileSync(volume);
  const uris = [
    listed.segments[0].map,
    ...listed.segments.flatMap(({ uri, parts }) => [uri, ...parts.map((part) => part.uri)]),
    ...(listed.open?.parts ?? []).map((part) => part.uri),
  ];
  assert.ok(uris.length > 30);
  for (const uri of uris) {
    const [, start, end] = /\/(\d+)(?:-(\d+))?\.m(?:4s|p4)$/.exec(String(uri)) ?? [];
    const { status, body, headers } = await http(rig.url + String(uri));
    assert.equal(status, 200, String(uri));
    assert.ok(
      body.equals(recorded.subarray(Number(start), end === undefined ? Number(start) + body.length : Number(end))),
      String(uri),
    );
    assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.equal(headers['content-type'], 'video/mp4');
  }
});

test('a disk that takes nothing: what is listed can be watched all the same, init segment and all', async (t) => {
  const rig = await DeliveryRig.open(t, { settings: { recordingRetryMs: 3_600_000 } });
  const publisher = await rig.broadcast.publish();
  const directory = rig.broadcast.recordingDirectory(publisher.sessionId);
  await until('the recording is there', () => existsSync(directory));
  symlinkSync('/dev/full', join(directory, '000001.mp4'));
  for (let second = 0; second < 12; second += 1) {
    publisher.send(1);
    const { segments } = await readPlaylist(rig.playlistUrl(videoUuid));
    for (const uri of segments.flatMap((segment) => [segment.map, segment.uri])) {
      assert.equal((await http(rig.url + String(uri))).status, 200, `after ${second} s: ${uri}`);
    }
  }
  assert.equal(rig.broadcast.facts.at(-1)?.error, 8);
});

test('the hinted part is waited for, and given as soon as it is there; one that never comes is 404', async (t) => {
  const rig = await DeliveryRig.open(t);
  const publisher = await rig.broadcast.publish();
  publisher.send(3.1);
  const hint = (await readPlaylist(rig.playlistUrl(videoUuid))).hint;
  const answer = http(rig.url + String(hint));
  await until('it waits', () => rig.delivery.waiting === 1);
  publisher.send(0.3);
  const { status, body } = await answer;
  assert.equal(status, 200);
  assert.match(body.subarray(4, 8).toString(), /styp|prft/);
  assert.deepEqual((await http(rig.url + String(hint))).body, body, 'the same bytes afterwards');

  publisher.send(0.01);
  const never = http(rig.url + String((await readPlaylist(rig.playlistUrl(videoUuid))).hint));
  await until('it waits', () => rig.delivery.waiting === 1);
  publisher.end('disconnected');
  const last = await never;
  assert.ok(last.status === 404 || last.body.length > 0, 'the last part, or none');
  // What nobody hinted at does not wait.
  assert.equal((await http(`${rig.url}/media/${publisher.sessionId}/000001/99999999.m4s`)).status, 404);
});

test('a viewer that reads slowly gets its bytes unchanged, however much the memory is used again meanwhile', async (t) => {
  const rig = await DeliveryRig.open(t);
  const publisher = await rig.broadcast.publish();
  publisher.send(2.02, 200_000);
  const { segments, run } = rig.edge.timeline;
  const [start, end] = [segments.start(1), segments.end(1)];
  const path = `${run?.baseUri}/${start}-${end}.m4s`;
  assert.ok(rig.edge.range(publisher.sessionId, 1, start, end), 'it is served from memory');
  const slow = connect(Number(new URL(rig.url).port), '127.0.0.1');
  const cut = connect(Number(new URL(rig.url).port), '127.0.0.1');
  for (const socket of [slow, cut]) {
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    await once(socket, 'readable');
    socket.pause();
  }
  const chunks: Buffer[] = [slow.read(1000) as Buffer];
  // Five times what the memory holds; the pool sees to it that nobody writes to what is free.
  const volume = join(rig.broadcast.recordingDirectory(publisher.sessionId), '000001.mp4');
  for (let second = 0; second < 16; second += 1) {
    publisher.send(1, 200_000);
    await until('it is on disk', () => statSync(volume).size > 5_000_000 * (second + 1));
  }
  assert.equal(rig.edge.range(publisher.sessionId, 1, start, end), null);
  cut.destroy();
  for await (const chunk of slow) chunks.push(chunk as Buffer);
  const answer = Buffer.concat(chunks);
  const body = answer.subarray(answer.indexOf('\r\n\r\n') + 4);
  publisher.end();
  await rig.broadcast.lives.shelf.settled();
  const recorded = readFileSync(join(rig.broadcast.recordingDirectory(publisher.sessionId), '000001.mp4'));
  assert.equal(body.length, end - start);
  assert.ok(body.equals(recorded.subarray(start, end)));
  await rig.broadcast.lives.close();
  await until('all memory has come back', () => rig.broadcast.pool.bytesInUse === 0);
});

test('ranges, conditions and HEAD, of media in memory and on disk', async (t) => {
  const rig = await DeliveryRig.open(t);
  const publisher = await rig.broadcast.publish();
  publisher.send(8.1);
  const { segments } = await readPlaylist(rig.playlistUrl(videoUuid));
  for (const { uri } of [segments[0], segments[segments.length - 1]]) {
    const url = rig.url + String(uri);
    const whole = await http(url);
    const etag = String(whole.headers.etag);
    const ask = (headers: Record<string, string>, method = 'GET') => http(url, { headers, method });
    const first = await ask({ range: 'bytes=0-99' });
    assert.deepEqual(
      [first.status, first.headers['content-range'], first.headers['content-length']],
      [206, `bytes 0-99/${whole.body.length}`, '100'],
    );
    assert.ok(first.body.equals(whole.body.subarray(0, 100)));
    const middle = await ask({ range: `bytes=1500-${whole.body.length + 7}`, 'if-range': etag });
    assert.ok(middle.status === 206 && middle.body.equals(whole.body.subarray(1500)));
    assert.ok((await ask({ range: 'bytes=-10' })).body.equals(whole.body.subarray(-10)));
    assert.deepEqual(
      [(await ask({ range: 'bytes=0-1', 'if-range': '"other"' })).status, (await ask({ range: 'bytes=0-1,4-5' })).status],
      [200, 200],
    );
    const behind = await ask({ range: `bytes=${whole.body.length}-` });
    assert.deepEqual([behind.status, behind.headers['content-range']], [416, `bytes */${whole.body.length}`]);
    for (const value of [etag, `"x", ${etag}`, '*', `W/${etag}`])
      assert.equal((await ask({ 'if-none-match': value })).status, 304, value);
    const head = await ask({}, 'HEAD');
    assert.deepEqual([head.status, head.headers['content-length'], head.body.length], [200, String(whole.body.length), 0]);
    assert.deepEqual([(await ask({}, 'POST')).status, (await ask({}, 'POST')).headers.allow], [405, 'GET, HEAD, OPTIONS']);
  }
});

test('private media is for those who may watch, and for no shared cache', async (t) => {
  const rig = await DeliveryRig.open(t, { lives: [liveRecord(1, { privacy: 3 })] });
  const publisher = await rig.broadcast.publish();
  publisher.send(3.1);
  const asOwner = { headers: { authorization: 'Bearer owner' } };
  const { text } = await http(rig.playlistUrl(videoUuid), asOwner);
  const { segments } = parsePlaylist(text);
  const urls = [
    rig.playlistUrl(videoUuid),
    rig.masterUrl(videoUuid),
    rig.url + String(segments[0].uri),
    rig.url + segments[2].parts[0].uri,
    rig.url + String(segments[0].map),
  ];
  for (const url of urls) {
    const no = await http(url);
    assert.deepEqual([no.status, no.headers['cache-control']], [403, 'no-store'], url);
    assert.equal((await http(url, { headers: { authorization: 'Bearer other' } })).status, 403);
    const yes = await http(url, asOwner);
    assert.equal(yes.status, 200);
    assert.match(String(yes.headers['cache-control']), /^private/, url);
  }
  assert.deepEqual(rig.asked.at(-1)?.rights.ownerId, OWNER);
  // Its replay is public: then its media is, though the live is not.
  publisher.end();
  rig.broadcast.lives.putReplay({ videoUuid: publisher.sessionId, sessionId: publisher.sessionId, privacy: 2, ownerId: OWNER });
  assert.equal((await http(rig.url + String(segments[0].uri))).status, 200);
  assert.equal((await http(rig.playlistUrl(videoUuid))).status, 403);
  assert.equal((await http(rig.playlistUrl(publisher.sessionId))).status, 200);
});

test("a replay: all that was recorded, over the live's own URIs, and gone when it is deleted", async (t) => {
  const rig = await DeliveryRig.open(t);
  const publisher = await rig.broadcast.publish();
  publisher.send(5.1);
  publisher.end('disconnected');
  rig.broadcast.nowMs += 3000;
  await publisher.ask(liveRecord().streamKey);
  publisher.send(3.1);
  const live = await readPlaylist(rig.playlistUrl(videoUuid));
  publisher.end();
  const { sessionId } = publisher;
  const replay = { videoUuid: sessionId, sessionId, privacy: 1, ownerId: OWNER };
  rig.broadcast.lives.putReplay(replay);
  const { headers } = await http(rig.playlistUrl(sessionId));
  assert.equal(headers['cache-control'], 'public, max-age=60');
  const vod = await readPlaylist(rig.playlistUrl(sessionId));
  assert.equal(vod.ended, true);
  assert.deepEqual(
    vod.segments.slice(0, live.segments.length).map(({ uri }) => uri),
    live.segments.map(({ uri }) => uri),
  );
  assert.deepEqual(
    vod.segments.flatMap(({ discontinuity, sequence }) => (discontinuity ? [sequence] : [])),
    [6],
  );
  for (const { uri } of vod.segments) assert.ok((await fetchBytes(rig.url + String(uri))).length > 0);
  assert.match((await http(rig.masterUrl(sessionId))).text, /CODECS="avc1\.[0-9a-f]{6},mp4a\.40\.2"/);
  await rig.broadcast.lives.removeReplay(replay);
  assert.equal((await http(rig.playlistUrl(sessionId))).status, 404);
  assert.equal((await http(rig.url + String(vod.segments[0].uri))).status, 404);
});

test('files that vanish, or are cut, give 404 or an ended connection, never a hanging one', async (t) => {
  const rig = await DeliveryRig.open(t);
  const publisher = await rig.broadcast.publish();
  const volume = join(rig.broadcast.recordingDirectory(publisher.sessionId), '000001.mp4');
  for (let second = 0; second < 12; second += 1) {
    publisher.send(1, 100_000);
    await until('it is on disk', () => statSync(volume).size > 2_500_000 * (second + 0.5));
  }
  publisher.end();
  await rig.broadcast.lives.shelf.settled();
  const { segments, run } = rig.edge.timeline;
  const url = `${rig.url}${run?.baseUri}/${segments.start(0)}-${segments.end(7)}.m4s`;
  const slow = connect(Number(new URL(rig.url).port), '127.0.0.1');
  slow.write(`GET ${new URL(url).pathname} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await once(slow, 'readable');
  slow.read(10_000);
  truncateSync(volume, segments.start(0) + 100);
  let received = 0;
  slow.on('data', (chunk: Buffer) => (received += chunk.length));
  await once(slow, 'close', { signal: AbortSignal.timeout(3000) });
  assert.ok(received < segments.end(7) - segments.start(0));
  assert.equal((await http(url)).status, 404);
  unlinkSync(volume);
  assert.equal((await http(url)).status, 404);
  assert.equal((await http(`${rig.url}${run?.baseUri}/${segments.start(0)}.m4s`)).status, 404);
  assert.deepEqual(rig.broadcast.diary.of('delivery failed'), []);
});

test('paths that are none: 404, and nothing outside of the recordings can be read', async (t) => {
  const rig = await DeliveryRig.open(t);
  const publisher = await rig.broadcast.publish();
  publisher.send(2);
  const { sessionId } = publisher;
  for (const path of [
    `/media/${sessionId}/meta.json`,
    `/media/${sessionId}/index`,
    `/media/${sessionId}/../../../etc/passwd`,
    `/media/${sessionId}/000001/..%2f..%2fmeta.json`,
    `/media/../lives/0-10.mp4`,
    `/media/${sessionId}/000001/10-5.m4s`,
    `/media/${sessionId}/000001/0-99999999999.mp4`,
    `/media/${sessionId}/000000/0-10.mp4`,
    `/media/${sessionId}/000001/99999999999999999999.m4s`,
    `/media/${sessionId.toUpperCase()}/000001/0-10.mp4`,
    '/media/',
    '/static/streaming-playlists/hls/',
    `/static/streaming-playlists/hls/${videoUuid}/1.m3u8`,
    `/static/streaming-playlists/hls/${'x'.repeat(36)}/0.m3u8`,
  ]) {
    const socket = connect(Number(new URL(rig.url).port), '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const [first] = (await once(socket, 'data', { signal: AbortSignal.timeout(2000) })) as [Buffer];
    assert.match(first.toString(), /^HTTP\/1\.1 404 /, path);
    socket.destroy();
  }
  assert.equal((await http(`${rig.url}/elsewhere`)).status, 418);
});

test('pipelined requests are answered in their order', async (t) => {
  const rig = await DeliveryRig.open(t);
  const publisher = await rig.broadcast.publish();
  publisher.send(3.1);
  const { segments, run, nextPartStart } = rig.edge.timeline;
  const paths = [
    `${run?.baseUri}/${nextPartStart}.m4s`,
    String(run?.initUri),
    `${run?.baseUri}/${segments.start(2)}-${segments.end(2)}.m4s`,
  ];
  const socket = connect(Number(new URL(rig.url).port), '127.0.0.1');
  socket.write(
    paths.map((path, i) => `GET ${path} HTTP/1.1\r\nHost: x\r\n${i === 2 ? 'Connection: close\r\n' : ''}\r\n`).join(''),
  );
  await until('the first waits', () => rig.delivery.waiting === 1);
  publisher.send(0.3);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const tags = [
    ...Buffer.concat(chunks)
      .toString('latin1')
      .matchAll(/ETag: "([^"]+)"/g),
  ].map(([, tag]) => tag);
  assert.deepEqual(tags, [`1-${nextPartStart}`, '1-0', `1-${segments.start(2)}`]);
});
