import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createLog } from '../log.ts';
import { RestartSchedule } from './restart-schedule.ts';
import type { RestartChoice } from './restarts.ts';

const HOUR_MS = 3_600_000;

class ScheduleRig {
  nowMs = Date.parse('2026-10-24T12:00:00Z');
  readonly planned: { at: string; choice: RestartChoice; overMs: number }[] = [];
  readonly schedule: RestartSchedule;
  throws = false;
  readonly #t: TestContext;

  constructor(t: TestContext) {
    this.#t = t;
    t.mock.timers.enable({ apis: ['setInterval'] });
    this.schedule = new RestartSchedule({
      rule: { hour: 2, minute: 30, timeZone: 'Europe/Paris' },
      overMs: 600_000,
      restarts: {
        plan: (choice, overMs) => {
          this.planned.push({ at: new Date(this.nowMs).toISOString().slice(0, 16), choice, overMs });
          if (this.throws) throw new Error('broken');
          return [];
        },
      },
      log: createLog('silent'),
      now: () => this.nowMs,
    });
    t.after(() => this.schedule.close());
  }

  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 10_000) {
      this.nowMs += 10_000;
      this.#t.mock.timers.tick(10_000);
    }
  }
}

test('all permanent lives, once a day, on the night of two half past twos too', (t) => {
  const rig = new ScheduleRig(t);
  rig.pass(72 * HOUR_MS);
  assert.deepEqual(
    rig.planned.map(({ at }) => at),
    ['2026-10-25T00:30', '2026-10-26T01:30', '2026-10-27T01:30'],
  );
  assert.deepEqual([rig.planned[0].choice, rig.planned[0].overMs], [null, 600_000]);
});

test('a clock that is set back over the time does not do it again', (t) => {
  const rig = new ScheduleRig(t);
  rig.pass(13 * HOUR_MS);
  rig.nowMs -= HOUR_MS;
  rig.pass(2 * HOUR_MS);
  assert.equal(rig.planned.length, 1);
});

test('a machine that slept over the time leaves it out, and goes on the next day', (t) => {
  const rig = new ScheduleRig(t);
  rig.nowMs += 20 * HOUR_MS;
  rig.pass(HOUR_MS);
  assert.deepEqual(rig.planned, []);
  rig.pass(24 * HOUR_MS);
  assert.equal(rig.planned.length, 1);
});

test('one that fails is not tried again before the next day, and there is a next day', (t) => {
  const rig = new ScheduleRig(t);
  rig.throws = true;
  rig.pass(24 * HOUR_MS);
  assert.equal(rig.planned.length, 1);
  rig.pass(24 * HOUR_MS);
  assert.equal(rig.planned.length, 2);
});
