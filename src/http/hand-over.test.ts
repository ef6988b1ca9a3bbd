import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createLog } from '../log.ts';
import type { Exchange } from './exchange.ts';
import { HttpListener } from './http-listener.ts';
import type { HttpListenerOptions } from './http-listener.ts';

const POST = 'POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n';

/** A listener that reads nothing but what is under /own itself, and leaves the rest to Node. */
async function open(t: TestContext, options: Partial<HttpListenerOptions> = {}): Promise<HttpListener> {
  const listener = new HttpListener({
    host: '127.0.0.1',
    port: 0,
    first: (exchange) => {
      if (exchange.url === '/own') exchange.send(200, ['Content-Length', '3'], Buffer.from('own'));
      return exchange.url === '/own';
    },
    log: createLog('silent'),
    ...options,
  });
  listener.serve((request, response) => {
    request.resume().on('end', () => response.end('node'));
  });
  await listener.start();
  t.after(() => listener.close());
  return listener;
}

function dial(t: TestContext, { port }: HttpListener): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {});
  t.after(() => socket.destroy());
  return socket;
}

/** All that comes until the server closes. */
async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  await once(socket, 'end');
  return text;
}

test('a request that never becomes whole is not waited for without end', async (t) => {
  const patience = { headersTimeout: 50, requestTimeout: 100, connectionsCheckingInterval: 10 };
  const listener = await open(t, { patience });
  for (const text of [`${POST}hel`, `${POST}helloGET /own HTTP/1.1\r\nHo`]) {
    const socket = dial(t, listener);
    socket.write(text);
    assert.match(await readAll(socket), /HTTP\/1\.1 408 /, text);
  }
});

test('a connection that was handed over and says nothing is closed with the listener at once', async (t) => {
  const listener = await open(t);
  const socket = dial(t, listener);
  const gone = readAll(socket);
  socket.write(`${POST}hello`);
  await once(socket, 'data');
  t.mock.timers.enable({ apis: ['setTimeout'] }); // nothing but idleness closes it
  await listener.close();
  assert.match(await gone, /^HTTP\/1\.1 200 OK/);
});

test('who ends in the middle of a request hears what Node says to that, and the connection is over', async (t) => {
  const listener = await open(t);
  const own = 'GET /own HTTP/1.1\r\nHost: x\r\n\r\n';
  for (const [text, answers] of [
    ['GET /own HTTP/1.1\r\nHo', /^HTTP\/1\.1 400 /],
    [`${own}GET /own HTTP/1.1\r\nHo`, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nownHTTP\/1\.1 400 /],
    [`${own}${own}`, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nownHTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nown$/],
    [`${own}${POST}hel`, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nown(HTTP\/1\.1 400 |$)/],
  ] as const) {
    const socket = dial(t, listener);
    socket.end(text);
    assert.match(await readAll(socket), answers);
  }
  while (listener.connectionCount > 0) await new Promise(setImmediate);
});

test('requests that are sent ahead on a connection that Node reads are bounded: each of them costs memory', async (t) => {
  let waiting = 0;
  const listener = await open(t, {
    first: ({ url }) => {
      if (url === '/never') waiting += 1;
      return url === '/never';
    },
  });
  const socket = dial(t, listener);
  const gone = new Promise((resolve) => socket.resume().on('end', resolve).on('close', resolve));
  socket.write(`${POST}hello`);
  for (let i = 0; i < 1000; i += 1) socket.write('GET /never HTTP/1.1\r\nHost: x\r\n\r\n');
  await gone;
  assert.ok(waiting <= 100, `${waiting} wait`);
});

test('a request whose head is half here when the one before it is answered has its whole time', async (t) => {
  const waiting: Exchange[] = [];
  const listener = await open(t, { first: (exchange) => waiting.push(exchange) > 0 });
  const socket = dial(t, listener);
  socket.write('GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\n');
  while (waiting.length < 1) await new Promise(setImmediate);
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 20_000 });
  waiting[0].send(204, []);
  await once(socket, 'data');
  socket.write('Host: x\r\n\r\n');
  while (waiting.length < 2 && !socket.destroyed) await new Promise(setImmediate);
  assert.equal(waiting[1].url, '/2');
  waiting[1].destroy();
});

test('100 Continue comes before an answer or not at all, never within one', async (t) => {
  const listener = await open(t);
  const socket = dial(t, listener);
  const expects = 'POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n';
  socket.write(`${expects}\r\n`);
  assert.equal(String(await once(socket, 'data')), 'HTTP/1.1 100 Continue\r\n\r\n');
  socket.write(`hello${POST}hello${expects}Connection: close\r\n\r\nhello`);
  const answers = (await readAll(socket)).split('HTTP/1.1 ').slice(1);
  assert.equal(answers.length, 3);
  for (const answer of answers) assert.match(answer, /^200 OK\r\n[^]*\r\n\r\n(4\r\n)?node(\r\n0\r\n\r\n)?$/);
});
