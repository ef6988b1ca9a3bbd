import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RtmpListener } from '../../src/ingest/rtmp-listener.ts';
import { LogDiary } from '../support/log-diary.ts';
import { PublishDiary } from '../support/publish-diary.ts';
import { avcConfig, greeting, TestClient } from '../support/rtmp-wire.ts';
import { eachOf, until } from '../support/until.ts';

/** What becomes of a socket at one of its writes. `unread`: the peer reads nothing from then on. */
const WRITE_FAULTS = ['throws', 'destroyed', 'reset', 'unread'] as const;
/** `told`: the server says why, and closes. */
const LEAVINGS = ['reset', 'end', 'silence', 'told'] as const;
type Leaving = (typeof LEAVINGS)[number];
/** Pieces after which nothing is unanswered but the goodbye. */
const TOLD_AFTER = 12;
const AT_ONCE = 8;
const LIMITS = { handshakeMs: 1500, publishMs: 1500, readMs: 1500, lingerMs: 200, unsentBytes: 64 * 1024 };

interface WriteFault {
  readonly kind: (typeof WRITE_FAULTS)[number];
  readonly at: number;
}

/** What a publisher sends, in the pieces that a fault may come between: every answer has a piece of its own before it. */
function pieces(key = 'key'): Uint8Array[] {
  const client = new TestClient();
  const next = (add: (client: TestClient) => TestClient): Uint8Array => add(client).writer.take();
  const frame = '17 01 000000 aabb';
  return [
    greeting.subarray(0, 700),
    greeting.subarray(700, 1537),
    greeting.subarray(1537),
    // A window of 64 bytes: nearly everything from here on is acknowledged.
    next((c) => c.message(5, '00000040', 0, 2)),
    next((c) => c.connect()),
    next((c) => c.command('FCPublish', 2, null, key)),
    next((c) => c.command('createStream', 3, null)),
    next((c) => c.message(4, '0006 00000001', 0, 2)), // a ping
    next((c) => c.command('publish', 4, null, key, 'live')),
    next((c) => c.message(9, avcConfig)),
    next((c) => c.message(9, frame)),
    next((c) => c.message(9, `${frame}${'00'.repeat(300)}`)),
    next((c) => c.command('deleteStream', 5, null, 1)),
  ];
}

/** Server sockets whose writes are counted, by the port they came in by. */
const watched = new Map<number, Ingest>();

function watchWrites(t: TestContext): void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with Reflect.apply
  const { write } = Socket.prototype;
  Socket.prototype.write = function (this: Socket, ...args: unknown[]): boolean {
    watched.get(this.localPort ?? 0)?.onWrite(this);
    return Reflect.apply(write, this, args) as boolean;
  };
  t.after(() => (Socket.prototype.write = write));
}

/** A listener with one publisher at a time, whose socket can be told to fail. */
class Ingest {
  readonly door = new PublishDiary();
  readonly diary = new LogDiary('debug');
  readonly listener: RtmpListener;
  writes = 0;
  struck = false;
  #fault: WriteFault | null = null;
  #peer: Socket | null = null;

  constructor() {
    this.listener = new RtmpListener({ host: '127.0.0.1', port: 0, door: this.door, log: this.diary.log, limits: LIMITS });
  }

  async start(): Promise<void> {
    await this.listener.start();
    watched.set(this.listener.port, this);
  }

  async close(): Promise<void> {
    watched.delete(this.listener.port);
    await this.listener.close();
  }

  onWrite(socket: Socket): void {
    this.writes += 1;
    if (this.#fault?.at !== this.writes) return;
    this.struck = true;
    switch (this.#fault.kind) {
      case 'throws':
        throw new Error('made up: write');
      case 'destroyed':
        socket.destroy(Object.assign(new Error('made up: write ECONNRESET'), { code: 'ECONNRESET' }));
        return;
      case 'reset':
        this.#peer?.resetAndDestroy();
        return;
      case 'unread':
        socket._write = socket._writev = () => {}; // never called back: the peer's window is shut
    }
  }

  /** Publishes, and leaves in this way after so many pieces; resolves when the connection is over for the server. */
  async publish(fault: WriteFault | null, leave: { readonly after: number; readonly how: Leaving } | null = null): Promise<void> {
    const socket = connect({ host: '127.0.0.1', port: this.listener.port, noDelay: true });
    socket.on('error', () => {});
    let received = 0;
    socket.on('data', (bytes) => (received += bytes.length));
    await once(socket, 'connect');
    this.#peer = socket;
    this.#fault = fault;
    this.writes = 0;
    const gone = this.diary.of('publisher gone').length;
    for (const piece of pieces().slice(0, leave?.after)) {
      const before = received;
      if (socket.writable) socket.write(piece);
      // Until it is answered; not all is.
      for (let waits = 0; waits < 25 && received === before && !socket.destroyed; waits += 1) await sleep(1);
    }
    if (leave === null || leave.how === 'end') socket.end();
    else if (leave.how === 'reset') socket.resetAndDestroy();
    else if (leave.how === 'told') this.door.entries.at(-1)?.connection.close('taken_over');
    await until('the connection is over', () => this.diary.of('publisher gone').length > gone, { everyMs: 10 });
    socket.destroy();
    await sleep(1);
  }

  /** Nothing is left of those that were there. */
  check(connections: number): void {
    const { listener, door, diary } = this;
    assert.equal(listener.publishingCount, 0, 'publishers that are not there');
    assert.equal(listener.connectionCount, 0, 'connections that are not there');
    assert.deepEqual(
      door.entries.map(({ ends }) => ends.length),
      door.entries.map(() => 1),
      'each publication ends once',
    );
    assert.equal(diary.of('publisher gone').length, connections, 'one line for one end');
    assert.ok(diary.of('publisher connected').length === door.entries.length);
  }
}

interface Case {
  readonly what: string;
  readonly fault: WriteFault | null;
  readonly leave: { readonly after: number; readonly how: Leaving } | null;
}

test('the socket of a publisher fails at each write of the server, or is left after each piece of the client: it ends once, and its key is free', async (t) => {
  watchWrites(t);
  const unforeseen: unknown[] = [];
  const note = (error: unknown): void => void unforeseen.push(error);
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, note);
    t.after(() => process.off(event, note));
  }
  const timers = (): number =>
    process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout' || kind.startsWith('TCP')).length;
  const before = timers();

  const whole = new Ingest();
  await whole.start();
  await whole.publish(null);
  const { writes } = whole;
  whole.check(1);
  assert.deepEqual(whole.door.entries[0].ends, [['unpublished', undefined]]);
  await whole.close();

  const cases: Case[] = [
    ...WRITE_FAULTS.flatMap((kind) =>
      Array.from({ length: writes }, (_, i) => ({ what: `${kind} at write ${i + 1}`, fault: { kind, at: i + 1 }, leave: null })),
    ),
    ...LEAVINGS.flatMap((how) =>
      pieces().map((_, after) => ({ what: `${how} after piece ${after}`, fault: null, leave: { after, how } })),
    ),
  ];
  for (const kind of WRITE_FAULTS)
    cases.push({ what: `${kind} at the last word`, fault: { kind, at: writes }, leave: { after: TOLD_AFTER, how: 'told' } });
  const wrong: string[] = [];
  let count = 0;
  await eachOf(cases, AT_ONCE, async ({ what, fault, leave }) => {
    const ingest = new Ingest();
    try {
      await ingest.start();
      await ingest.publish(fault, leave);
      ingest.check(1);
      if (ingest.struck || fault === null) count += 1;
      // The next publisher, with the same key, on the same listener.
      await ingest.publish(null);
      ingest.check(2);
      assert.deepEqual(ingest.door.entries.at(-1)?.ends, [['unpublished', undefined]]);
    } catch (error) {
      wrong.push(`${what}: ${(error as Error).message.replace(/\s+/g, ' ')}`);
    } finally {
      await ingest.close();
    }
  });
  t.diagnostic(`${writes} writes, ${cases.length} cases, ${count} happened`);
  assert.equal(wrong.join('\n'), '');
  assert.deepEqual(unforeseen, []);
  await until('nothing keeps the process', () => timers() <= before);
  assert.ok(count >= 80, `${count} cases`);
});
