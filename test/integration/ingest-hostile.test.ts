import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { REFUSALS } from '../../src/errors.ts';
import type { IngestLimits } from '../../src/ingest/limits.ts';
import { RtmpListener } from '../../src/ingest/rtmp-listener.ts';
import { hex } from '../support/cuts.ts';
import { LogDiary } from '../support/log-diary.ts';
import { until } from '../support/until.ts';
import { PublishDiary } from '../support/publish-diary.ts';
import { avcConfig, greeting, TestClient } from '../support/rtmp-wire.ts';

/** Peers that do what they should not: each is closed with a named reason in one line, and no other is touched. */
interface Ingest {
  readonly door: PublishDiary;
  readonly diary: LogDiary;
  readonly listener: RtmpListener;
  /** A connection that has sent these bytes. */
  readonly peer: (bytes: Uint8Array) => Promise<Peer>;
}

/** A client's socket, all it has read, and its close. */
interface Peer {
  readonly socket: Socket;
  readonly heard: () => string;
  readonly closed: Promise<unknown>;
}

async function open(t: TestContext, limits: Partial<IngestLimits> = {}): Promise<Ingest> {
  const door = new PublishDiary();
  const diary = new LogDiary('debug');
  const listener = new RtmpListener({ host: '127.0.0.1', port: 0, door, log: diary.log, limits });
  await listener.start();
  t.after(() => listener.close());
  const peer = async (bytes: Uint8Array): Promise<Peer> => {
    const socket = connect({ host: '127.0.0.1', port: listener.port });
    const pieces: Buffer[] = [];
    socket.on('data', (piece) => pieces.push(piece));
    socket.on('error', () => {});
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    socket.write(bytes);
    return { socket, heard: () => Buffer.concat(pieces).toString('latin1'), closed: once(socket, 'close') };
  };
  return { door, diary, listener, peer };
}

const frame = '17 01 000000 aabb';
const publishing = (key = 'key'): TestClient => new TestClient().publish(key).message(9, avcConfig).message(9, frame);

for (const [name, bytes, reason] of [
  ['garbage', hex('474554202f20485454502f312e310d0a0d0a'), 'bad_handshake'],
  ['garbage behind the handshake', Buffer.concat([greeting, new Uint8Array(2000).fill(0x77)]), 'unknown_message_type'],
  ['another application', new TestClient().connect('vod').bytes(), 'wrong_app'],
  ['play', new TestClient().connect().command('play', 2, null, 'key').bytes(), 'play_not_supported'],
  ['half a handshake', greeting.subarray(0, 1000), 'handshake_timeout'],
  ['a handshake and nothing else', greeting, 'publish_timeout'],
  ['connect and nothing else', new TestClient().connect().bytes(), 'publish_timeout'],
  [
    'a message longer than any frame',
    Buffer.concat([publishing().bytes(), hex('06 000000 ffffff 09 01000000')]),
    'message_too_long',
  ],
  ['frames and then silence', publishing().bytes(), 'read_timeout'],
  ['silence', new Uint8Array(0), 'handshake_timeout'],
] as const) {
  test(`${name}: closed with ${reason}, while another publisher goes on`, async (t) => {
    const { door, diary, peer } = await open(t, { handshakeMs: 300, publishMs: 300, readMs: 600, lingerMs: 300 });
    const other = await peer(publishing('other').bytes());
    await diary.line('publisher connected');
    const keepAlive = setInterval(() => other.socket.write(new TestClient().message(9, frame).writer.take()), 100);
    t.after(() => clearInterval(keepAlive));
    const { closed } = await peer(bytes);
    await closed;
    const gone = await diary.line('publisher gone');
    assert.deepEqual([gone.reason, gone.level], [reason, 30]);
    assert.equal(diary.of('publisher gone').length, 1);
    assert.deepEqual(
      diary.lines.filter((line) => line.err !== undefined || line.level > 30),
      [],
    );
    const [{ ends, frames }, mine] = door.entries;
    assert.deepEqual(ends, []);
    assert.equal(frames.abandoned, 0);
    if (reason === 'read_timeout') assert.deepEqual(mine.ends, [['timed_out', 'read_timeout']]);
    if (reason === 'message_too_long') assert.deepEqual(mine.ends, [['protocol_error', 'message_too_long']]);
  });
}

test('a key that is refused: the encoder is told the code and the text, and the line names the reason', async (t) => {
  const { door, diary, peer } = await open(t, { lingerMs: 300 });
  door.refusals.set('wrong-key', 'unknown_key');
  const { heard, closed } = await peer(new TestClient().publish('wrong-key').bytes());
  const gone = await diary.line('publisher gone');
  await closed;
  assert.deepEqual([gone.reason, gone.detail], ['unknown_key', 'wron…']);
  assert.ok(heard().includes(REFUSALS.unknown_key.rtmp) && heard().includes(REFUSALS.unknown_key.text));
  assert.ok(!diary.lines.some((line) => JSON.stringify(line).includes('wrong-key')), 'a stream key stands in the log');
});

test('a refused publisher that goes on sending still reads why', async (t) => {
  const { door, diary, peer } = await open(t, { lingerMs: 500 });
  door.refusals.set('no', 'live_ended');
  const { socket, heard, closed } = await peer(new TestClient().publish('no').bytes());
  const flood = setInterval(() => socket.write(new TestClient().message(9, '17 01 000000' + 'aa'.repeat(5000)).writer.take()), 5);
  t.after(() => clearInterval(flood));
  await closed;
  assert.ok(heard().includes(REFUSALS.live_ended.text));
  assert.equal((await diary.line('publisher gone')).reason, 'live_ended');
});

test('a bug behind the door ends that connection only, and is logged with its stack', async (t) => {
  const { door, diary, peer } = await open(t);
  const { closed } = await peer(new TestClient().publish('bug').bytes());
  await closed;
  const failed = await diary.line('publisher failed');
  assert.match(String((failed.err as { stack?: string }).stack), /a bug of ours/);
  await peer(publishing().bytes());
  await diary.line('publisher connected');
  assert.equal(door.entries.length, 1);
});

test('a bug in a sink ends that publication only', async (t) => {
  const { door, diary, peer } = await open(t);
  const { closed, socket } = await peer(publishing().bytes());
  await diary.line('publisher connected');
  door.entries[0].frames.beginVideo = () => {
    throw new RangeError('a bug in the sink');
  };
  socket.write(new TestClient().message(9, frame).writer.take());
  await closed;
  assert.deepEqual([door.entries[0].ends.length, diary.of('publisher failed').length], [1, 1]);
});

test('a publisher that closes before it is admitted, its frames and goodbye already sent, is brought to its end', async (t) => {
  const { door, diary, peer } = await open(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  door.delay = promise;
  const asked = door.asked();
  const { socket, closed } = await peer(publishing().command('deleteStream', 0, null, 1).bytes());
  await asked;
  socket.end();
  setTimeout(resolve, 100);
  await closed;
  await diary.line('publisher gone');
  const [{ frames, ends }] = door.entries;
  assert.deepEqual([frames.video.length, ends], [1, [['unpublished', undefined]]]);
});

test('a publisher reset before it is admitted is ended as disconnected, once', async (t) => {
  const { door, diary, peer } = await open(t, { readMs: 500 });
  const { promise, resolve } = Promise.withResolvers<void>();
  door.delay = promise;
  const asked = door.asked();
  const { socket } = await peer(publishing().bytes());
  await asked;
  socket.resetAndDestroy();
  resolve();
  await diary.line('publisher gone');
  assert.deepEqual([door.entries[0].ends.length, await door.entries[0].ended], [1, 'disconnected']);
});

test('a takeover tells the first publisher, discards what it sends, and ends it once', async (t) => {
  const { door, diary, peer } = await open(t, { lingerMs: 300 });
  const { socket, heard, closed } = await peer(publishing().bytes());
  await diary.line('publisher connected');
  const [entry] = door.entries;
  const count = entry.frames.video.length;
  entry.connection.close('taken_over');
  entry.connection.close('taken_over');
  socket.write(new TestClient().message(9, frame).writer.take());
  await closed;
  await diary.line('publisher gone');
  assert.ok(heard().includes(REFUSALS.taken_over.text));
  assert.deepEqual([entry.ends, entry.frames.video.length], [[['disconnected', 'taken_over']], count]);
});

test('a peer that asks and never reads is closed', async (t) => {
  const { diary, peer } = await open(t, { unsentBytes: 100_000 });
  const { socket } = await peer(new TestClient().connect().bytes());
  await once(socket, 'data');
  socket.pause();
  const pings = new TestClient();
  for (let i = 0; i < 5000; i += 1) pings.message(4, '0006 00000000', 0, 2);
  const bytes = pings.writer.take();
  const flood = setInterval(() => socket.write(bytes), 5);
  t.after(() => clearInterval(flood));
  assert.equal((await diary.line('publisher gone')).reason, 'peer_not_reading');
});

test('one publisher too many is told so; strangers too many are turned away', async (t) => {
  const { diary, door, peer } = await open(t, { publishers: 1, strangers: 2, lingerMs: 300 });
  await peer(publishing('one').bytes());
  await diary.line('publisher connected');
  const second = await peer(publishing('two').bytes());
  await second.closed;
  assert.ok(second.heard().includes(REFUSALS.too_many_connections.text));
  assert.equal(door.refusedBefore.at(-1)?.[0], 'too_many_connections', 'the door hears of it');
  await diary.line('publisher gone');
  await peer(publishing('one').bytes());
  await until('who comes in its own place is let in', () => door.entries.length === 2);
  await peer(greeting);
  await peer(greeting);
  const third = await peer(greeting);
  await third.closed;
  assert.equal(third.heard(), '');
  assert.equal((await diary.line('connections turned away: too many that do not publish')).count, 1);
});

test('closing the server tells every publisher, is awaited, bounded and idempotent', async (t) => {
  const { door, diary, listener, peer } = await open(t, { lingerMs: 300 });
  const polite = await peer(publishing('polite').bytes());
  const deaf = await peer(publishing('deaf').bytes());
  const silent = await peer(new Uint8Array(0));
  await diary.line('publisher connected', 2);
  // Half open for ever: it does not answer our goodbye with its own.
  deaf.socket.pause();
  const before = performance.now();
  await Promise.all([listener.close(), listener.close()]);
  await listener.close();
  assert.ok(performance.now() - before < 2000);
  assert.ok(polite.heard().includes(REFUSALS.server_closing.text));
  await Promise.all([polite.closed, silent.closed]);
  assert.deepEqual(
    door.entries.map(({ ends }) => ends),
    [[['disconnected', 'server_closing']], [['disconnected', 'server_closing']]],
  );
  await assert.rejects(once(connect({ host: '127.0.0.1', port: polite.socket.remotePort ?? 0 }), 'connect'));
});

test('sockets without a read buffer of their own are read as well', async (t) => {
  // The shared read buffer needs a private field of Node's: this is the way without it.
  const { createServer } = await import('node:net');
  const { PAUSE, readData } = await import('../../src/ingest/shared-read.ts');
  let total = 0;
  let readOn: (() => void) | null = null;
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    const reading = readData(socket, (_, count) => {
      total += count;
      if (total < 5) return 0;
      readOn = reading.readOn;
      return PAUSE;
    });
    socket.on('end', () => socket.end());
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const socket = connect({ host: '127.0.0.1', port: (server.address() as { port: number }).port });
  socket.end('12345');
  while (readOn === null) await new Promise((resolve) => setImmediate(resolve));
  (readOn as () => void)();
  await once(socket.resume(), 'close');
  assert.equal(total, 5);
});
