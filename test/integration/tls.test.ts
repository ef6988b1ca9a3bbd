import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { Application } from '../../src/http/application.ts';
import { HttpListener } from '../../src/http/http-listener.ts';
import { CertificateWatch, readCertificate } from '../../src/http/tls-files.ts';
import { openPlayerDoor } from '../../src/front/open-player-door.ts';
import { createLog } from '../../src/log.ts';
import { BlockPool } from '../../src/packager/block-pool.ts';
import { Broadcast, liveRecord } from '../support/broadcast.ts';
import { makeCertificate } from '../support/certificate.ts';
import { http } from '../support/http.ts';
import { LogDiary } from '../support/log-diary.ts';
import { requireTool } from '../support/tools.ts';

const LIVE = liveRecord();
const PLAYLIST = `/static/streaming-playlists/hls/${LIVE.videoUuid}/0.m3u8`;

/** Null when it can not be made here. */
async function certificateIn(t: TestContext): Promise<{ cert: string; key: string } | null> {
  const openssl = requireTool(t, 'openssl');
  if (openssl === null) return null;
  const directory = await mkdtemp(join(tmpdir(), 'reprise-test-tls-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  await makeCertificate(openssl, directory);
  return { cert: join(directory, 'fullchain.pem'), key: join(directory, 'privkey.pem') };
}

interface Answer {
  readonly headers: IncomingHttpHeaders & { ':status'?: number | undefined };
  readonly body: Buffer;
}

function ask(session: ClientHttp2Session, path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':path': path, ...headers });
    const pieces: Buffer[] = [];
    let answered: Answer['headers'] = {};
    stream.on('response', (fields) => (answered = fields));
    stream.on('data', (bytes: Buffer) => pieces.push(bytes));
    stream.on('end', () => resolve({ headers: answered, body: Buffer.concat(pieces) }));
    stream.on('error', reject);
    stream.end(body);
  });
}

for (const threads of [0, 1]) {
  test(`HTTP/2 and HTTP/1.1 over TLS, with ${threads} threads of delivery`, async (t) => {
    const files = await certificateIn(t);
    if (files === null) return;
    const { cert, key } = files;
    const pool = new BlockPool((byteLength) => new Uint8Array(new SharedArrayBuffer(byteLength)));
    const broadcast = await Broadcast.open(t, { lives: [LIVE], settings: { pool } });
    const door = openPlayerDoor({
      host: '127.0.0.1',
      port: 0,
      tls: { cert, key },
      threads,
      lives: broadcast.lives,
      log: broadcast.diary.log,
      logLevel: 'silent',
      mayWatch: () => Promise.resolve(false),
    });
    t.after(() => door.close());
    await door.start();
    const application = await Application.create(async (app) => {
      app.all('/*', ({ method, url, ip, body, headers }, reply) => {
        void reply.header('set-cookie', ['a=1', 'b=2']);
        return { method, url, ip, body: body ?? null, host: headers.host };
      });
    });
    t.after(() => application.close());
    door.serve(application);
    const ca = await readFile(cert, 'utf8');
    const origin = `https://localhost:${door.port}`;
    const session = connect(origin, { ca });
    t.after(() => session.destroy());

    const publisher = await broadcast.publish();
    publisher.send(3.1);
    const playlist = await ask(session, PLAYLIST);
    assert.deepEqual([playlist.headers[':status'], playlist.headers['cache-control']], [200, 'public, max-age=1']);
    assert.equal(playlist.headers['access-control-allow-origin'], '*');
    assert.deepEqual((await http(origin + PLAYLIST, { ca })).body, playlist.body, 'HTTP/1.1 gives the same');

    const { timeline } = broadcast.edge();
    const waits = ask(session, `${PLAYLIST}?_HLS_msn=${timeline.segments.next}&_HLS_part=${timeline.openParts.length}`);
    const hinted = ask(session, `${timeline.run?.baseUri}/${timeline.nextPartStart}.m4s`);
    // Many wait on one connection, and others are answered meanwhile.
    const head = await ask(session, PLAYLIST, { ':method': 'HEAD' });
    assert.deepEqual([head.body.length, head.headers['content-length']], [0, String(playlist.body.length)]);
    const part = `${timeline.run?.baseUri}/${timeline.listedParts.at(-1)?.parts[0].start}.m4s`;
    publisher.send(0.5);
    assert.match((await waits).body.toString(), /#EXTM3U/);
    assert.equal((await hinted).headers[':status'], 200);
    const [whole, some] = [await ask(session, part), await ask(session, part, { range: 'bytes=10-19' })];
    assert.deepEqual([some.headers[':status'], some.body], [206, whole.body.subarray(10, 20)]);

    const posted = await ask(session, '/api/x?y=1', { ':method': 'POST', 'content-type': 'application/json' }, '{"a":1}');
    const told = JSON.parse(posted.body.toString()) as object;
    const ip = '127.0.0.1';
    const host = `localhost:${door.port}`;
    assert.deepEqual(told, { method: 'POST', url: '/api/x?y=1', ip: (told as { ip: string }).ip, body: { a: 1 }, host });
    assert.ok((told as { ip: string }).ip.endsWith(ip) || (told as { ip: string }).ip === '::1');
    assert.deepEqual(posted.headers['set-cookie'], ['a=1', 'b=2']);
    assert.ok((await door.counts()).sentBytes > 0);

    const late = ask(session, `${PLAYLIST}?_HLS_msn=${timeline.segments.next + 1}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await door.close();
    assert.ok(Number((await late).headers[':status']) >= 200, 'whoever waits is answered at the close');
  });
}

test('a certificate that is renewed is used; one that can not be is not', async (t) => {
  const [old, renewed] = [await certificateIn(t), await certificateIn(t)];
  if (old === null || renewed === null) return;
  const diary = new LogDiary();
  const paths = { cert: old.cert, key: old.key };
  const given: unknown[] = [];
  const server = { setSecureContext: (certificate: unknown) => given.push(certificate) };
  const watch = new CertificateWatch(paths, readCertificate(paths), diary.log);
  watch.look(server);
  assert.equal(given.length, 0);
  await copyFile(renewed.cert, old.cert);
  watch.look(server); // its key is not there yet
  assert.equal(given.length, 0);
  await copyFile(renewed.key, old.key);
  watch.look(server);
  watch.look(server);
  assert.deepEqual(given, [readCertificate(renewed)]);
  assert.throws(() => readCertificate({ cert: renewed.key, key: renewed.cert }));
});

test('who does not speak TLS is no trouble', async (t) => {
  const files = await certificateIn(t);
  if (files === null) return;
  const { cert, key } = files;
  const broadcast = await Broadcast.open(t, { lives: [LIVE] });
  const { lives } = broadcast;
  const log = broadcast.diary.log;
  const mayWatch = (): Promise<boolean> => Promise.resolve(false);
  const door = openPlayerDoor({
    host: '127.0.0.1',
    port: 0,
    tls: { cert, key },
    threads: 0,
    lives,
    log,
    logLevel: 'silent',
    mayWatch,
  });
  t.after(() => door.close());
  await door.start();
  await assert.rejects(http(`http://127.0.0.1:${door.port}/`));
  const socket = connectTls({ port: door.port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  socket.on('error', () => {}).resume();
  socket.write('this is no HTTP/2\r\n\r\n');
  await new Promise((resolve) => socket.once('close', resolve));
  assert.equal((await http(`https://localhost:${door.port}${PLAYLIST}`, { ca: await readFile(cert, 'utf8') })).status, 404);
  // One that has not shaken hands keeps nobody from closing.
  const silent = connectTcp(door.port, '127.0.0.1').on('error', () => {});
  await once(silent, 'connect');
  await Promise.all([door.close(), once(silent.resume(), 'close')]);
});

test('an HTTP/2 connection on which nothing moves is cut off', async (t) => {
  const files = await certificateIn(t);
  if (files === null) return;
  const listener = new HttpListener({
    host: '127.0.0.1',
    port: 0,
    first: (exchange) => (exchange.send(200, ['Content-Length', '2'], Buffer.from('ok')), true),
    log: createLog('silent'),
    tls: files,
    sessionIdleMs: 300,
  });
  await listener.start();
  t.after(() => listener.close());
  listener.serve((_, response) => response.end('ok'));
  const session = connect(`https://127.0.0.1:${listener.port}`, { rejectUnauthorized: false });
  const closed = once(session, 'close');
  assert.equal((await ask(session, '/')).body.toString(), 'ok');
  await closed;
});
