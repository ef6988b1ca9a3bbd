import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Broadcast, liveRecord } from '../../test/support/broadcast.ts';
import { FrontLink } from './front-link.ts';
import type { ToThread, VideoAnswer } from './messages.ts';

const { videoUuid } = liveRecord();
const OWED_LIMIT_BYTES = 4_000_000;

/** A link to a thread that keeps what it is told, and answers nothing by itself. */
class Rig {
  readonly told: ToThread[] = [];
  readonly link: FrontLink;
  readonly broadcast: Broadcast;
  /** Set when the thread was ended. */
  terminated = 0;
  #ids = 0;

  static async open(t: TestContext): Promise<Rig> {
    const link = (): FrontLink => rig.link;
    const broadcast = await Broadcast.open(t, { settings: { directoryChanged: (uuid) => link().changed(uuid) } });
    const rig = new Rig(broadcast);
    return rig;
  }

  private constructor(broadcast: Broadcast) {
    this.broadcast = broadcast;
    const worker = {
      postMessage: (message: ToThread) => void this.told.push(message),
      terminate: () => Promise.resolve((this.terminated += 1)),
    };
    const { lives, diary } = broadcast;
    const world = { lives, log: diary.log, mayWatch: () => Promise.resolve(false), application: () => null };
    this.link = new FrontLink(worker, world, undefined, OWED_LIMIT_BYTES);
  }

  ask(uuid = videoUuid): void {
    this.#ids += 1;
    this.link.take({ kind: 'ask', id: this.#ids, question: 'video', asks: uuid });
  }

  /** What the thread knows of the live after all that it was told: null when it would ask. */
  known(): VideoAnswer {
    let known: VideoAnswer = null;
    for (const message of this.told) {
      if (message.kind === 'answer') known = message.answer as VideoAnswer;
      if (message.kind === 'forget' || message.kind === 'gone') known = null;
    }
    return known;
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a change at any moment of an answer leaves the thread with the new, or with nothing', async (t) => {
  for (let depth = 0; depth < 8; depth += 1) {
    const rig = await Rig.open(t);
    rig.ask();
    const change = (left: number): void => {
      if (left > 0) queueMicrotask(() => change(left - 1));
      else rig.broadcast.lives.put(liveRecord(1, { privacy: 3 }));
    };
    change(depth);
    await settle();
    assert.ok(rig.told.some(({ kind }) => kind === 'answer'));
    assert.notEqual(rig.known()?.privacy, 1, `${depth} steps later`);
    rig.link.close();
  }
});

test('what was done to an edge before it went is told before that: who waits for it hears of its end', async (t) => {
  const rig = await Rig.open(t);
  const publisher = await rig.broadcast.publish();
  publisher.send(2);
  rig.ask();
  await settle();
  rig.told.length = 0;
  await rig.broadcast.lives.remove(videoUuid);
  await settle();
  const kinds = rig.told.map(({ kind }) => kind);
  assert.deepEqual(kinds, ['edges', 'gone', 'forget']);
  const [edges] = rig.told;
  assert.ok(edges.kind === 'edges');
  assert.ok(edges.changes.some(({ operation }) => operation.op === 'changed' && operation.flags.ended));
  rig.link.close();
  assert.deepEqual([rig.link.heldBytes, rig.link.edgeCount], [0, 0]);
});

test('a thread that gives nothing back is ended when it alone keeps too much, and not for what the edges keep', async (t) => {
  const rig = await Rig.open(t);
  const publisher = await rig.broadcast.publish();
  rig.ask();
  await settle();
  const frameBytes = 20_000;
  publisher.send(6, frameBytes);
  assert.ok(rig.link.heldBytes > 2_000_000 && rig.terminated === 0);
  for (let second = 0; second < 40; second += 1) publisher.send(1, frameBytes);
  assert.equal(rig.terminated, 1, 'once');
  rig.link.close();
  assert.equal(rig.link.heldBytes, 0);
});

test('a thread that does not answer is ended; one that does is not, and what it counted last stays', async (t) => {
  const rig = await Rig.open(t);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const beat = async (answers: boolean): Promise<void> => {
    const beaten = rig.link.beat();
    const asked = rig.told.at(-1);
    assert.ok(asked?.kind === 'count');
    const requests = { playlist: 1, part: 2, segment: 3, replay: 4, refused: 5 };
    const counts = { requests, failures: 0, waiting: 0, connections: 0, sentBytes: 6 };
    if (answers) rig.link.take({ kind: 'counts', id: asked.id, counts });
    else t.mock.timers.tick(1000);
    await beaten;
  };
  for (let i = 0; i < 12; i += 1) await beat(i % 4 === 0);
  assert.equal(rig.terminated, 0);
  for (let i = 0; i < 5; i += 1) await beat(false);
  assert.equal(rig.terminated, 1);
  assert.equal(rig.link.counted.sentBytes, 6);
  rig.link.close();
});
