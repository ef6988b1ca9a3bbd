import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { LiveEdge } from '../lives/live-edge.ts';
import { FollowedEdge } from './followed-edge.ts';
import { HeldBlocks } from './held-blocks.ts';
import type { VideoAnswer } from './messages.ts';
import { Mirror } from './mirror.ts';

const [VIDEO, SESSION] = ['video', 'session'];

interface Asked {
  readonly question: string;
  readonly asks: unknown;
  readonly resolve: (answer: never) => void;
  readonly answer: (answer: unknown) => Promise<void>;
}

/** A mirror whose questions the test answers. */
class Rig {
  readonly mirror: Mirror;
  readonly asked: Asked[] = [];
  readonly unwatched: number[] = [];
  nowMs = 0;

  constructor(t: TestContext) {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const link = {
      ask: (question: string, asks: unknown): Promise<never> => {
        const { promise, resolve } = Promise.withResolvers<never>();
        const answer = async (value: unknown): Promise<void> => {
          resolve(value as never);
          await new Promise(setImmediate);
        };
        this.asked.push({ question, asks, resolve, answer });
        return promise;
      },
      unwatch: (edge: number) => this.unwatched.push(edge),
      release: () => {},
    };
    this.mirror = new Mirror('/nowhere', link, () => this.nowMs);
    t.after(() => this.mirror.close());
  }

  /** Answers the newest question. */
  async answer(value: unknown): Promise<void> {
    await this.asked.at(-1)?.answer(value);
  }

  /** So much time passes, and what is to be done at times is done. */
  pass(t: TestContext, ms: number): void {
    this.nowMs += ms;
    t.mock.timers.tick(5000);
  }
}

function live(edge: number, isNew: boolean): VideoAnswer {
  const start = { mediaSequence: 0, discontinuitySequence: 0, targetDuration: 2 };
  const followed = new FollowedEdge(VIDEO, new LiveEdge(start), new HeldBlocks(), () => {});
  return { kind: 'live', privacy: 1, ownerId: 1, edge, snapshot: isNew ? followed.start() : null };
}

test('an edge that is given up while its answer is on the way is asked for again', async (t) => {
  const rig = new Rig(t);
  const { mirror } = rig;
  void mirror.loading({ videoUuid: VIDEO });
  await rig.answer(live(1, true));
  assert.equal(mirror.playback(VIDEO)?.kind, 'live');
  mirror.forget(VIDEO);
  void mirror.loading({ videoUuid: VIDEO });
  rig.pass(t, 61_000);
  assert.deepEqual(rig.unwatched, [1]);
  await rig.answer(live(1, false));
  assert.equal(rig.asked.length, 3);
  await rig.answer(live(2, true));
  assert.equal(mirror.playback(VIDEO)?.kind, 'live');
  assert.equal(mirror.loading({ videoUuid: VIDEO }), null);
});

test('media whose rights change while its live is asked for is asked for again: it is there all the time', async (t) => {
  const rig = new Rig(t);
  const { mirror } = rig;
  const rights = [{ videoUuid: VIDEO, privacy: 1, ownerId: 1 }];
  let done = false;
  void mirror.loading({ sessionId: SESSION })?.then(() => (done = true));
  await rig.answer({ rights, liveUuid: VIDEO });
  mirror.forget(VIDEO);
  await rig.answer(live(1, true));
  assert.deepEqual([rig.asked.at(-1)?.question, done], ['session', false]);
  await rig.answer({ rights: [{ ...rights[0], privacy: 3 }], liveUuid: VIDEO });
  assert.equal(done, true);
  assert.deepEqual(
    mirror.ownersOfMedia(SESSION)?.rights.map(({ privacy }) => privacy),
    [3],
  );
  assert.ok(mirror.ownersOfMedia(SESSION)?.edge);
});

test('an edge that somebody waits for is not given up, however long that takes', async (t) => {
  const rig = new Rig(t);
  void rig.mirror.loading({ videoUuid: VIDEO });
  await rig.answer(live(1, true));
  const playback = rig.mirror.playback(VIDEO);
  assert.ok(playback?.kind === 'live');
  const leave = playback.edge.onChange(() => {});
  rig.pass(t, 61_000);
  assert.deepEqual(rig.unwatched, []);
  leave();
  rig.pass(t, 1);
  assert.deepEqual(rig.unwatched, [1]);
  assert.equal(rig.mirror.playback(VIDEO), null);
  assert.notEqual(rig.mirror.loading({ videoUuid: VIDEO }), null);
});

test('who asks for much that there is not fills no memory, and what is watched stays known', async (t) => {
  const rig = new Rig(t);
  const { mirror } = rig;
  void mirror.loading({ videoUuid: VIDEO });
  await rig.answer(live(1, true));
  for (let i = 0; i < 10_010; i += 1) {
    void mirror.loading({ videoUuid: `no ${i}` });
    rig.asked.at(-1)?.resolve(null as never);
  }
  await new Promise(setImmediate);
  assert.equal(mirror.loading({ videoUuid: VIDEO }), null);
  assert.equal(mirror.loading({ videoUuid: 'no 10009' }), null);
  assert.notEqual(mirror.loading({ videoUuid: 'no 0' }), null);
});

test('what there is not is asked for again after a while, and at once when it has come', async (t) => {
  const rig = new Rig(t);
  const { mirror } = rig;
  for (const again of [() => rig.pass(t, 31_000), () => mirror.forget(VIDEO)]) {
    void mirror.loading({ videoUuid: VIDEO });
    await rig.answer(null);
    assert.equal(mirror.loading({ videoUuid: VIDEO }), null);
    assert.equal(mirror.playback(VIDEO), null);
    void mirror.loading({ sessionId: SESSION });
    await rig.answer(null);
    assert.equal(mirror.ownersOfMedia(SESSION), null);
    again();
    assert.notEqual(mirror.loading({ sessionId: SESSION }), null);
    await rig.answer(null);
  }
});
