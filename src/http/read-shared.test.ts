import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { readShared } from './read-shared.ts';

interface Ends {
  readonly accepted: Socket;
  readonly theirs: Socket;
}

async function pair(t: TestContext): Promise<Ends> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const theirs = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [accepted] = (await once(server, 'connection')) as [Socket];
  t.after(() => {
    theirs.destroy();
    server.close();
  });
  return { accepted, theirs };
}

for (const own of [true, false]) {
  test(`a socket ${own ? 'with' : 'without'} a read buffer of its own gives its bytes to the callback, and once released to whoever listens`, async (t) => {
    const { accepted, theirs } = await pair(t);
    const handle = (accepted as unknown as { _handle: object })._handle;
    if (!own) Object.defineProperty(handle, 'useUserBuffer', { value: undefined });
    let read = '';
    const come = Promise.withResolvers<void>();
    const { socket, release } = readShared(accepted, (bytes) => {
      read += bytes.toString();
      if (read === 'first') come.resolve();
    });
    t.after(() => socket.destroy());
    assert.equal(socket === accepted, !own);
    theirs.write('first');
    await come.promise;
    release();
    let rest = '';
    socket.on('data', (bytes: Buffer) => (rest += bytes.toString()));
    theirs.end('x'.repeat(200_000));
    await once(socket, 'end');
    assert.deepEqual([read, rest.length], ['first', 200_000]);
    socket.end('answer');
    const [answer] = (await once(theirs, 'data')) as [Buffer];
    assert.equal(answer.toString(), 'answer');
  });
}
