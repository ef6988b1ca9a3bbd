import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Progress, type Cure, type Sight } from './progress.ts';

/** Four looks a second from `from` to `to` seconds; returns the cures with the second they came at. */
function watch(progress: Progress, from: number, to: number, sight: (second: number) => Partial<Sight>): [number, Cure][] {
  const cures: [number, Cure][] = [];
  for (let second = from; second < to; second += 0.25) {
    const calm: Sight = { nowMs: second * 1000, position: second, frames: second * 30, seeking: false, expected: true };
    const cure = progress.see({ ...calm, ...sight(second) });
    if (cure !== 'none') cures.push([second, cure]);
  }
  return cures;
}

test('a moving picture needs nothing', () => {
  const progress = new Progress();
  progress.start(0);
  assert.deepEqual(
    watch(progress, 0, 30, () => ({})),
    [],
  );
});

test('a picture that stands still is helped, each time more', () => {
  const progress = new Progress();
  progress.start(0);
  const cures = watch(progress, 0, 24, () => ({ position: 7, frames: 9 }));
  assert.deepEqual(
    cures.map(([, cure]) => cure),
    ['seek', 'recover', 'recover', 'reopen', 'reopen', 'reopen', 'reopen'].slice(0, cures.length),
  );
  assert.ok(cures.length >= 4);
});

test('after it has moved for a while, help begins mildly again', () => {
  const progress = new Progress();
  progress.start(0);
  watch(progress, 0, 20, () => ({ position: 7 }));
  assert.deepEqual(
    watch(progress, 20, 40, () => ({})),
    [],
  );
  assert.deepEqual(watch(progress, 40, 45, () => ({ position: 1 }))[0]?.[1], 'seek');
});

test('nothing is expected of a paused picture, nor of a live whose publisher is away', () => {
  const progress = new Progress();
  progress.start(0);
  assert.deepEqual(
    watch(progress, 0, 60, () => ({ position: 7, frames: 9, expected: false })),
    [],
  );
});

test('sound without picture after a start is helped, later it may be a slide', () => {
  const progress = new Progress();
  progress.start(0);
  assert.deepEqual(watch(progress, 0, 4, () => ({ frames: 5 }))[0]?.[1], 'seek');
  const later = new Progress();
  later.start(0);
  watch(later, 0, 20, () => ({}));
  assert.deepEqual(
    watch(later, 20, 60, () => ({ frames: 5 })),
    [],
  );
  const hidden = new Progress();
  hidden.start(0);
  assert.deepEqual(
    watch(hidden, 0, 8, () => ({ frames: null })),
    [],
  );
});

test('a seek is given more time', () => {
  const progress = new Progress();
  progress.start(0);
  const at = watch(progress, 0, 12, () => ({ position: 7, frames: null, seeking: true }))[0]?.[0] ?? 0;
  assert.ok(at > 6);
});

test('a decoder that gave up is not answered by a seek', () => {
  const progress = new Progress();
  progress.start(0);
  assert.deepEqual(
    [progress.break(1), progress.break(2), progress.break(3), progress.break(4)],
    ['recover', 'recover', 'reopen', 'reopen'],
  );
});
