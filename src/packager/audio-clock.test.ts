import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUDIO } from '../../test/support/part-tape.ts';
import { createSampleColumns } from '../mp4/sample-columns.ts';
import { AudioClock } from './audio-clock.ts';

const ticks = (samples: number): number => (samples * 90_000) / 48_000;

function waiting(...durations: number[]): ReturnType<typeof createSampleColumns> {
  const columns = createSampleColumns(8);
  columns.durations.set(durations);
  columns.count = durations.length;
  return columns;
}

test('counts samples while timestamps are near', () => {
  const clock = new AudioClock();
  assert.equal(clock.place(ticks(480), AUDIO, waiting()), 480);
  clock.next = 1504;
  for (const off of [-2800, -40, 0, 40, 2800]) assert.equal(clock.place(ticks(1504 + off), AUDIO, waiting(1024)), 1504);
});

test('set right by the duration of the last frame that waits, so that no sample overlaps another', () => {
  for (const [off, place, last] of [
    [4800, 6304, 5824],
    [-4800, 481, 1],
  ]) {
    const clock = new AudioClock();
    clock.next = 1504;
    const columns = waiting(1024);
    assert.equal(clock.place(ticks(1504 + off), AUDIO, columns), place);
    assert.equal(columns.durations[0], last);
  }
});

test('behind a part that is out: forward leaves a hole, back is not gone', () => {
  const clock = new AudioClock();
  clock.next = 100_000;
  assert.equal(clock.place(ticks(104_800), AUDIO, waiting()), 104_800);
  assert.equal(clock.place(ticks(90_000), AUDIO, waiting()), 100_000);
});
