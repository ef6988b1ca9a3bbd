import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { RestartQueue } from './restart-queue.ts';
import type { Restart } from './restart-queue.ts';

const EPOCH = Date.parse('2026-03-01T04:30:00Z');
const of = (...names: string[]): Restart[] => names.map((name) => ({ videoUuid: name, sessionId: `session of ${name}` }));

/** A queue whose clocks stand until they are moved; the wall clock can be set besides. */
class QueueRig {
  readonly done: [string, number][] = [];
  readonly failed: string[] = [];
  wallMs = EPOCH;
  readonly queue: RestartQueue;
  /** Live whose restart throws. */
  broken = '';
  #ms = 5_000_000;
  readonly #t: TestContext;

  constructor(t: TestContext) {
    this.#t = t;
    t.mock.timers.enable({ apis: ['setTimeout'] });
    this.queue = new RestartQueue({
      restart: ({ videoUuid }) => {
        if (videoUuid === this.broken) throw new Error('broken');
        this.done.push([videoUuid, this.wallMs - EPOCH]);
      },
      failed: (restart) => this.failed.push(restart?.videoUuid ?? ''),
      now: () => this.wallMs,
      monotonic: () => this.#ms,
      random: () => 0.5,
    });
    t.after(() => this.queue.close());
  }

  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 50) {
      const step = Math.min(left, 50);
      this.#ms += step;
      this.wallMs += step;
      this.#t.mock.timers.tick(step);
    }
  }

  planned(): [string, number][] {
    return this.queue.list().map(({ videoUuid, at }) => [videoUuid, at - EPOCH]);
  }
}

test('each is restarted at its time, and told before', (t) => {
  const rig = new QueueRig(t);
  rig.queue.add(of('a', 'b', 'c', 'd'), 4000);
  const plan = [
    ['a', 500],
    ['b', 1500],
    ['c', 2500],
    ['d', 3500],
  ];
  assert.deepEqual(rig.planned(), plan);
  rig.pass(1500);
  assert.deepEqual(rig.done, plan.slice(0, 2));
  assert.deepEqual(rig.planned(), plan.slice(2));
  rig.pass(10_000);
  assert.deepEqual(rig.done, plan);
  assert.equal(rig.queue.pending, 0);
});

test('asking again puts nothing off: the earlier time holds; a newer session takes the place of an older one', (t) => {
  const rig = new QueueRig(t);
  rig.queue.add(of('a', 'b'), 4000);
  rig.queue.add(of('a', 'b'), 40_000);
  assert.deepEqual(rig.planned(), [
    ['a', 1000],
    ['b', 3000],
  ]);
  rig.queue.add(of('b'), 0);
  assert.deepEqual(rig.planned(), [
    ['b', 0],
    ['a', 1000],
  ]);
  rig.queue.add([{ videoUuid: 'a', sessionId: 'newer' }], 10_000);
  assert.deepEqual(rig.planned()[1], ['a', 5000]);
  assert.equal(rig.queue.pending, 2, 'one for each live');
});

test('what is forgotten is not restarted, and the others are', (t) => {
  const rig = new QueueRig(t);
  rig.queue.add(of('a', 'b', 'c'), 3000);
  assert.equal(rig.queue.cancel('a'), true);
  assert.equal(rig.queue.cancel('a'), false);
  rig.pass(5000);
  assert.deepEqual(rig.done, [
    ['b', 1500],
    ['c', 2500],
  ]);
});

test('one that fails keeps the others from nothing', (t) => {
  const rig = new QueueRig(t);
  rig.broken = 'b';
  rig.queue.add(of('a', 'b', 'c'), 0);
  rig.pass(50);
  rig.queue.add(of('d'), 0);
  rig.pass(50);
  assert.deepEqual(
    rig.done.map(([name]) => name),
    ['a', 'c', 'd'],
  );
  assert.deepEqual(rig.failed, ['b']);
});

test('a clock that is set forward makes nothing due: they stay spread', (t) => {
  const rig = new QueueRig(t);
  rig.queue.add(of('a', 'b'), 4000);
  rig.wallMs += 3_600_000;
  rig.pass(500);
  assert.deepEqual(rig.done, []);
  assert.deepEqual(rig.planned(), [
    ['a', 3_601_000],
    ['b', 3_603_000],
  ]);
});

test('closed: nothing is restarted any more, and nothing taken', (t) => {
  const rig = new QueueRig(t);
  rig.queue.add(of('a'), 1000);
  rig.queue.close();
  rig.queue.add(of('b'), 0);
  rig.pass(5000);
  assert.deepEqual([rig.done, rig.planned()], [[], []]);
});
