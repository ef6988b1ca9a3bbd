import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { HttpListener } from '../http/http-listener.ts';
import { createLog } from '../log.ts';
import { SlowReaders } from './slow-readers.ts';

const LENGTH = 64 * 1024 * 1024;

for (const connection of ['keep-alive', 'close']) {
  test(`a player that takes its answer a bit at a time keeps no memory for ever, connection: ${connection}`, async (t) => {
    let nowMs = 0;
    t.mock.timers.enable({ apis: ['setInterval'] });
    const readers = new SlowReaders(() => nowMs);
    t.after(() => readers.close());
    let held = 0;
    const body = Buffer.alloc(LENGTH);
    const listener = new HttpListener({
      host: '127.0.0.1',
      port: 0,
      first: (exchange) => {
        held += 1;
        exchange.onEnd(() => (held -= 1));
        readers.watch(exchange);
        const length = exchange.url === '/short' ? 1000 : LENGTH;
        exchange.send(200, ['Content-Length', String(length)], body.subarray(0, length));
        return true;
      },
      log: createLog('silent'),
    });
    await listener.start();
    t.after(() => listener.close());
    const sockets = ['/short', '/long'].map((url) => {
      const socket = connect(listener.port, '127.0.0.1').on('error', () => {});
      socket.write(`GET ${url} HTTP/1.1\r\nHost: x\r\nConnection: ${connection}\r\n\r\n`);
      t.after(() => socket.destroy());
      return socket;
    });
    sockets[1].pause();
    while (listener.sentBytes < 100_000 || readers.count !== 1) await new Promise(setImmediate);
    nowMs = 29_000;
    t.mock.timers.tick(1000);
    sockets[1].read();
    assert.deepEqual([held, readers.count], [1, 1]);
    nowMs = 31_000;
    t.mock.timers.tick(1000);
    assert.equal(readers.count, 0);
    while (held > 0) await new Promise(setImmediate);
  });
}
