import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createLog } from '../log.ts';
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
