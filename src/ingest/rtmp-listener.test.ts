import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { PublishDoor } from '../lives/door.ts';
import { createLog } from '../log.ts';
import { findSharedPort } from '../shared-port.ts';
import { RtmpListener } from './rtmp-listener.ts';

const HOST = '127.0.0.1';
const DOOR: PublishDoor = {
  publish: () => Promise.reject(new Error('nobody publishes here')),
  replaces: () => false,
  refused: () => undefined,
};

function listenerAt(port: number): RtmpListener {
  return new RtmpListener({ host: HOST, port, door: DOOR, log: createLog('silent') });
}

async function refuses(port: number): Promise<void> {
  const [error] = (await once(connect(port, HOST), 'error').catch((reason: unknown) => [reason])) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNREFUSED');
}

test('a port that somebody has is told, though many sockets of ours share it', async (t) => {
  const first = listenerAt(0);
  t.after(() => first.close());
  await first.start();
  const second = listenerAt(first.port);
  await assert.rejects(second.start(), { code: 'EADDRINUSE' });
  await second.close();
  assert.equal(first.receiving, true);
});

test('one that is closed while it begins to listen does not listen', async () => {
  const port = await findSharedPort(HOST, 0);
  for (const turns of [0, 1, 2, 5]) {
    const listener = listenerAt(port);
    const started = listener.start();
    for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
    await listener.close();
    await started;
    assert.equal(listener.receiving, false);
    await refuses(port);
  }
});
