import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameWithoutMoment } from './replay-name.ts';

const table: [name: string, shown: string][] = [
  ['Main hall - 2026-11-23 22:07', 'Main hall'],
  ['Day - night - 2026-11-23 22:07', 'Day - night'],
  ['Quartet in D minor', 'Quartet in D minor'],
  ['2026-11-23 22:07', '2026-11-23 22:07'],
  ['Main hall - 2026-11-23 22:07, first part', 'Main hall - 2026-11-23 22:07, first part'],
];

for (const [name, shown] of table) test(`${name} is shown as ${shown}`, () => assert.equal(nameWithoutMoment(name), shown));
