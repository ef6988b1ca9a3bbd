import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leapOver, type Range } from './leap.ts';

const ranges: Range[] = [
  [0, 6.587],
  [6.625, 9.025],
];

const table: [name: string, ranges: Range[], before: number, now: number, target: number | null][] = [
  ['far from the hole', ranges, 3, 3.25, null],
  ['at the hole', ranges, 6.3, 6.55, 6.645],
  ['in the hole', ranges, 6.5, 6.6, 6.645],
  ['just across, the picture left behind', ranges, 6.5, 6.75, 6.77],
  ['already on the other side', ranges, 6.7, 6.95, null],
  ['no range after', [[0, 6.587]], 6.5, 6.58, null],
  [
    'a hole too wide',
    [
      [0, 5],
      [9, 12],
    ],
    4.9,
    5,
    null,
  ],
  [
    'the next range has nothing left',
    [
      [0, 5],
      [5.1, 5.2],
    ],
    4.9,
    5.18,
    null,
  ],
  [
    'outside of every range',
    [
      [2, 5],
      [5.1, 9],
    ],
    1,
    1,
    null,
  ],
];

for (const [name, given, before, now, target] of table) {
  test(`${name}: ${target ?? 'no leap'}`, () => {
    const leap = leapOver(given, before, now);
    assert.equal(leap === null ? null : Math.round(leap * 1000) / 1000, target);
  });
}
