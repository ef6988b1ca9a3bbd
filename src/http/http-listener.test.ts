import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { HttpListener } from './http-listener.ts';
import { createLog } from '../log.ts';

test('bytes are counted as they are sent, while a connection is open and after', async (t) => {
  const listener = new HttpListener({
    host: '127.0.0.1',
    port: 0,
    first: (exchange) => (exchange.send(200, ['Content-Length', '5000'], Buffer.alloc(5000)), true),
    log: createLog('silent'),
  });
  await listener.start();
  t.after(() => listener.close());
  const socket = connect(listener.port, '127.0.0.1');
  let received = 0;
  socket.on('data', (bytes) => (received += bytes.length));
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  while (received < 5000) await once(socket, 'data');
  assert.equal(listener.connectionCount, 1);
  const open = listener.sentBytes;
  assert.ok(open > 5000 && open < 6000, 'with its head');

  const gone = once(socket, 'close');
  socket.end('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  await gone;
  while (listener.connectionCount > 0) await new Promise(setImmediate);
  assert.ok(listener.sentBytes > 10_000 && listener.sentBytes < 12_000);
});
