import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { WireClient } from './wire-client.ts';

test('answers are read whole over one connection, whatever pieces they come in', async (t) => {
  const sockets = new Set<unknown>();
  const server = createServer((request, response) => {
    sockets.add(request.socket);
    const body = Buffer.alloc(200_000, request.url ?? '');
    response.writeHead(request.url === '/none' ? 404 : 200, { 'Content-Length': body.length });
    response.write(body.subarray(0, 7));
    setImmediate(() => response.end(body.subarray(7)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const client = new WireClient((server.address() as AddressInfo).port, { headers: { 'X-Who': 'me' } });
  t.after(() => client.close());
  for (const path of ['/ab', '/none', '/c']) {
    const { status, body } = await client.get(path);
    assert.equal(status, path === '/none' ? 404 : 200);
    assert.ok(body.equals(Buffer.alloc(200_000, path)));
  }
  assert.equal(sockets.size, 1);
});

test('an answer that does not come is an error', async (t) => {
  const server = createServer((request) => request.socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const client = new WireClient((server.address() as AddressInfo).port);
  await assert.rejects(client.get('/'), /closed|ECONNRESET/);
});
