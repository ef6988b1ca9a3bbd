import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { NodeExchange } from './node-exchange.ts';

test('over HTTP/2, a client that goes in the middle of an answer keeps nobody waiting', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  t.after(() => {
    session.destroy();
    server.close();
  });
  const written: boolean[] = [];
  const over = new Promise<void>((resolve) => {
    server.once('request', (request, response) => {
      const body = new NodeExchange(request, response).begin(200, []);
      void (async () => {
        for (let more = true; more;) written.push((more = await body.write(Buffer.alloc(1024 * 1024))));
        written.push(await body.write(Buffer.alloc(1)));
        resolve();
      })();
    });
  });
  const stream = session.request({ ':path': '/' });
  stream.on('error', () => undefined);
  stream.end();
  await once(stream, 'data');
  stream.close(8); // CANCEL
  await over;
  assert.deepEqual(written.slice(-2), [false, false]);
});

test('over HTTP/2, who asks after the client has gone is told that it has', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  t.after(() => {
    session.destroy();
    server.close();
  });
  const coming = new Promise<NodeExchange>((resolve) => {
    server.once('request', (request, response) => {
      const exchange = new NodeExchange(request, response);
      response.once('close', () => resolve(exchange));
    });
  });
  const stream = session.request({ ':path': '/' });
  stream.on('error', () => undefined);
  stream.end();
  await once(server, 'request');
  stream.close(8); // CANCEL
  const exchange = await coming;
  assert.deepEqual([exchange.over, exchange.ended, exchange.begun], [true, true, false]);
  let told = 0;
  exchange.onEnd(() => (told += 1));
  assert.equal(told, 1);
  exchange.send(200, ['Content-Length', '1'], Buffer.from('x'));
  assert.equal(exchange.begun, false);
});
