import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBehind, formatDuration, formatIsoDuration } from './duration.ts';

const table: [seconds: number, clock: string, iso: string][] = [
  [0, '0:00', 'PT0S'],
  [7.9, '0:07', 'PT7S'],
  [60, '1:00', 'PT1M0S'],
  [754, '12:34', 'PT12M34S'],
  [3600, '1:00:00', 'PT1H0S'],
  [3723, '1:02:03', 'PT1H2M3S'],
  [360000, '100:00:00', 'PT100H0S'],
  [-3, '0:00', 'PT0S'],
  [Number.NaN, '0:00', 'PT0S'],
  [Infinity, '0:00', 'PT0S'],
];

for (const [seconds, clock, iso] of table) {
  test(`${seconds} s is ${clock}`, () => {
    assert.equal(formatDuration(seconds), clock);
    assert.equal(formatIsoDuration(seconds), iso);
  });
}

test('behind the edge is written with a true minus', () => assert.equal(formatBehind(42), '\u22120:42'));
