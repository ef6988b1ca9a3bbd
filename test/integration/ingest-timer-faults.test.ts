import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { RtmpListener } from '../../src/ingest/rtmp-listener.ts';
import { eachTimerFault } from '../support/each-timer-fault.ts';
import { tripping } from '../support/faulty-timers.ts';
import type { TimerFault, TimerPlay } from '../support/faulty-timers.ts';
import { LogDiary } from '../support/log-diary.ts';
import { PublishDiary } from '../support/publish-diary.ts';
import { avcConfig, TestClient } from '../support/rtmp-wire.ts';
import { until } from '../support/until.ts';

const FILES = { 'ingest/rtmp-listener.ts': 10, 'ingest/read-wheel.ts': 10 };
/** So many that they rest after a read. */
const PUBLISHERS = 22;
/** Nobody is late on a busy machine, but who is meant to be. */
const LIMITS = { handshakeMs: 60_000, publishMs: 60_000, readMs: 60_000, lingerMs: 50 };
const FRAME = '17 01 000000 aabb';

interface Peer {
  readonly key: string;
  readonly client: TestClient;
  readonly socket: Socket;
}

/** An encoder that has sent its request, and its first frame behind it. */
async function publish(port: number, key: string): Promise<Peer> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'connect');
  watchReads(socket);
  const client = new TestClient().publish(key);
  socket.write(client.message(9, avcConfig).message(9, FRAME).bytes());
  return { key, client, socket };
}

function send({ client, socket }: Peer): void {
  if (socket.writable) socket.write(client.message(9, FRAME).writer.take());
}

/** A socket's handle: what wakes it calls this. */
function watchReads(socket: Socket): void {
  const handle = (socket as unknown as { _handle: object })._handle;
  const prototype = Object.getPrototypeOf(handle) as { readStart: (this: unknown) => number; watched?: true };
  if (prototype.watched === true) return;
  const { readStart } = prototype;
  prototype.readStart = function (): number {
    return tripping(() => readStart.call(this))();
  };
  prototype.watched = true;
}

/** Many publishers; one falls silent, one is cut off and comes back, and all are told that the server closes. */
async function play(timers: TimerPlay, fault: TimerFault | null): Promise<void> {
  const door = new PublishDiary();
  const diary = new LogDiary('debug');
  const listener = new RtmpListener({ host: '127.0.0.1', port: 0, door, log: diary.log, limits: LIMITS });
  // Sockets that rest wait for the wheel, and what says nothing for the tick: there is no other.
  let { limits } = listener;
  Object.defineProperty(listener, 'limits', { get: tripping(() => limits) });
  await listener.start();
  const peers: Peer[] = [];
  for (let n = 1; n <= PUBLISHERS; n += 1) peers.push(await publish(listener.port, `key ${n}`));
  const frames = (key: string): number =>
    door.entries.findLast(({ request }) => request.streamKey === key)?.frames.video.length ?? 0;
  const gone = (key: string) => door.entries.find(({ request }) => request.streamKey === key)?.ends.length === 1;
  await until('all are there', () => door.entries.length === PUBLISHERS);
  const [silent, cut, ...others] = peers;
  cut.socket.resetAndDestroy();
  for (let round = 0; round < 3; round += 1) {
    const before = others.map(({ key }) => frames(key));
    for (const other of others) send(other);
    // One that the bug has met is ended, and comes back; all others are read on.
    await timers.until('each is read', () => others.every(({ key }, i) => frames(key) > before[i] || gone(key)));
    timers.comeLate();
  }
  await timers.until('one that is cut off is gone', () => gone(cut.key));
  peers.push(await publish(listener.port, cut.key));
  await timers.until('its key is free', () => door.entries.length > PUBLISHERS);
  limits = { ...limits, readMs: 100 };
  // Only the tick finds out who says nothing.
  await timers.until('one that is silent is gone', () => gone(silent.key));
  timers.comeLate();
  await listener.close();
  timers.comeLate();
  for (const { socket } of peers) socket.destroy();
  assert.equal(listener.publishingCount, 0);
  assert.equal(listener.connectionCount, 0);
  for (const { request, ends } of door.entries) assert.equal(ends.length, 1, `${request.streamKey} ends once`);
  const failed = diary.lines.filter(({ msg }) => /failed|could not/.test(msg)).length;
  if (fault?.mode === 'throws' && timers.struck) assert.ok(failed === 1, `${failed} lines for one bug`);
}

test('the timers of ingest: each throws, never comes, or comes late, and every publisher is read or ended', async (t) => {
  const cases = await eachTimerFault(t, FILES, play);
  assert.ok((cases.get('ingest/rtmp-listener.ts') ?? 0) >= 3);
  assert.ok((cases.get('ingest/read-wheel.ts') ?? 0) >= 3);
});
