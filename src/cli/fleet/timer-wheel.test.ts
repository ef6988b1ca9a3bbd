import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimerWheel } from './timer-wheel.ts';

test('everyone gets the turn that is wanted, in time and once, also after a long pause and more than a turn of the wheel ahead', () => {
  const wheel = new TimerWheel();
  const start = performance.now();
  const turns: [string, number][] = [];
  const add = (name: string, everyMs: number, times: number): void =>
    wheel.add({
      dueMs: start + everyMs,
      turn(nowMs) {
        assert.ok(nowMs >= this.dueMs, `${name} is early`);
        turns.push([name, Math.round(this.dueMs - start)]);
        this.dueMs += everyMs;
        return turns.filter(([each]) => each === name).length < times;
      },
    });
  add('often', 33, 100);
  add('seldom', 3000, 2);
  add('once', 500, 1);
  for (let ms = 0; ms < 3400; ms += 20) wheel.tick(start + ms);
  // A pause of five seconds: one turn for each tick that comes, not one for each that was missed.
  for (let ms = 8400; ms < 8500; ms += 20) wheel.tick(start + ms);
  for (let ms = 8500; ms < 9000; ms += 20) wheel.tick(start + ms);
  const of = (name: string): number[] => turns.filter(([each]) => each === name).map(([, due]) => due);
  assert.deepEqual(
    of('often'),
    Array.from({ length: 100 }, (_, i) => 33 * (i + 1)),
  );
  assert.deepEqual(of('seldom'), [3000, 6000]);
  assert.deepEqual(of('once'), [500]);
  assert.ok(wheel.takeWorstLateMs() > 4900);
  assert.equal(wheel.takeWorstLateMs(), 0);
});
