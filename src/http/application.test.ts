import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Application } from './application.ts';
import type { ApplicationAnswer, ApplicationRequest } from './application.ts';

/** An application whose routes tell what they got. */
async function create(t: TestContext, trustedProxies?: readonly string[]): Promise<Application> {
  const application = await Application.create(async (app) => {
    app.get('/stream', (_request, reply) => reply.type('text/plain').send(Readable.from(['a', 'b', 'c'])));
    app.get('/cookies', (_request, reply) => reply.header('set-cookie', ['a=1', 'b=2']).send('two'));
    app.get('/nothing', (_request, reply) => reply.code(204).send());
    app.get('/same', (_request, reply) => reply.code(304).send());
    app.all('/*', ({ method, url, originalUrl, ip, headers, body }) => {
      return { method, url, originalUrl, ip, agent: headers['user-agent'] ?? null, body: body ?? null };
    });
  }, trustedProxies);
  t.after(() => application.close());
  return application;
}

async function ask(application: Application, change: Partial<ApplicationRequest> = {}): Promise<ApplicationAnswer> {
  const request = { method: 'GET', url: '/', headers: { host: 'x' }, remoteAddress: '192.0.2.7', body: new Uint8Array(0) };
  return application.answer({ ...request, ...change });
}

const told = ({ body }: ApplicationAnswer): Record<string, unknown> =>
  JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>;

/** The URL that the application sees of one that comes over its own listener. */
async function seenInPlace(t: TestContext, application: Application, url: string): Promise<unknown> {
  const server = createServer(application.handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(`GET ${url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
  await once(socket, 'close');
  return (JSON.parse(text.slice(text.indexOf('\r\n\r\n'))) as { url: unknown }).url;
}

test('the application sees the same URL whichever way a request comes: no path becomes another one', async (t) => {
  const application = await create(t);
  for (const url of [
    '/a/../metrics',
    '/x/%2e%2e/metrics',
    '/a\\b',
    '//evil/x',
    '/a?b=/../c',
    '/%20"<>',
    '/1',
    '/2',
    'http://x/y',
  ]) {
    const answer = told(await ask(application, { url }));
    assert.equal(answer.url, url);
    assert.equal(answer.originalUrl, url);
    assert.equal(answer.url, await seenInPlace(t, application, url));
  }
});

test('who asks is who has the connection, whatever the headers say, and nobody is given a browser that it has not', async (t) => {
  const application = await create(t);
  const headers = { host: 'x', 'x-forwarded-for': '127.0.0.1', forwarded: 'for=127.0.0.1', 'x-real-ip': '127.0.0.1' };
  const answer = told(await ask(application, { headers }));
  assert.equal(answer.ip, '192.0.2.7');
  assert.equal(answer.agent, null);
});

test('bodies come whole, with a length or in chunks', async (t) => {
  const application = await create(t);
  const body = Buffer.from(JSON.stringify({ a: 'ä' }));
  for (const framing of [{ 'content-length': String(body.length) }, { 'transfer-encoding': 'chunked' }]) {
    const headers = { host: 'x', 'content-type': 'application/json', ...framing };
    const answer = await ask(application, { method: 'POST', headers, body });
    assert.deepEqual(told(answer).body, { a: 'ä' });
  }
});

test('an answer has no headers of a connection that it does not go out on, and keeps each of those that come twice', async (t) => {
  const application = await create(t);
  for (const url of ['/stream', '/cookies', '/nothing', '/same', '/other']) {
    const { headers } = await ask(application, { url });
    const names = headers.filter((_, i) => i % 2 === 0);
    assert.deepEqual(
      names.filter((name) => /^(connection|keep-alive|transfer-encoding|date)$/.test(name)),
      [],
      url,
    );
  }
  const { headers } = await ask(application, { url: '/cookies' });
  assert.deepEqual(
    headers.filter((_, i) => headers[i - (i % 2)] === 'set-cookie'),
    ['set-cookie', 'a=1', 'set-cookie', 'b=2'],
  );
  assert.equal(Buffer.from((await ask(application, { url: '/stream' })).body).toString(), 'abc');
});

test('HEAD, 204 and 304 have no body; HEAD tells the length', async (t) => {
  const application = await create(t);
  const head = await ask(application, { method: 'HEAD', url: '/cookies' });
  assert.deepEqual([head.status, head.body.length], [200, 0]);
  assert.equal(head.headers[head.headers.indexOf('content-length') + 1], '3');
  for (const [url, status] of [
    ['/nothing', 204],
    ['/same', 304],
  ] as const) {
    const answer = await ask(application, { url });
    assert.deepEqual([answer.status, answer.body.length], [status, 0]);
  }
});

test('an application that is closed is not there, and that is no fault', async (t) => {
  const application = await create(t);
  await application.close();
  assert.equal((await ask(application)).status, 503);
});

test('only proxies that are trusted are believed whose request it is', async (t) => {
  const forwarded = { host: 'x', 'x-forwarded-for': '203.0.113.9, 198.51.100.4' };
  const ip = async (application: Application, remoteAddress: string): Promise<unknown> =>
    told(await ask(application, { headers: forwarded, remoteAddress })).ip;
  assert.equal(await ip(await create(t), '127.0.0.1'), '127.0.0.1', 'nobody, if none is named');
  const trusting = await create(t, ['127.0.0.1', '10.0.0.0/8']);
  assert.equal(
    await ip(trusting, '127.0.0.1'),
    '198.51.100.4',
    'what a trusted one has seen, not what the client wrote before it',
  );
  assert.equal(await ip(trusting, '::ffff:10.1.2.3'), '198.51.100.4');
  assert.equal(await ip(trusting, '192.0.2.7'), '192.0.2.7');
});
