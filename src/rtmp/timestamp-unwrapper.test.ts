import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimestampUnwrapper } from './timestamp-unwrapper.ts';

const WRAP = 2 ** 32;

for (const [name, timestamps, unwrapped] of [
  ['grow', [0, 40, 80], [0, 40, 80]],
  ['go on growing past 2^32', [WRAP - 20, 20, 60], [WRAP - 20, WRAP + 20, WRAP + 60]],
  ['may cross to and fro', [WRAP - 5, 5, WRAP - 3, 7], [WRAP - 5, WRAP + 5, WRAP - 3, WRAP + 7]],
  ['may go back a little', [1000, 990, 1030], [1000, 990, 1030]],
  ['may go back below 0', [3, WRAP - 2, 8], [3, -2, 8]],
  ['wrap again and again', [WRAP - 1, 2 ** 31 - 2, WRAP - 3, 0], [WRAP - 1, WRAP + 2 ** 31 - 2, 2 * WRAP - 3, 2 * WRAP]],
] as const) {
  test(`timestamps ${name}`, () => {
    const unwrapper = new TimestampUnwrapper();
    assert.deepEqual(
      timestamps.map((timestamp) => unwrapper.unwrap(timestamp)),
      unwrapped,
    );
  });
}
