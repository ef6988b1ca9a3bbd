import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePss, parseSchedstat, parseStat, treeOf } from './proc-files.ts';

test('a stat line is read behind the name, whatever is in that', () => {
  const line = '4711 (a b) S 1) S 12 4711 4711 0 -1 4194304 1 2 3 4 250 130 0 0 20 0 11 0 99 0 0';
  assert.deepEqual(parseStat(line), { pid: 4711, parent: 12, userTicks: 250, systemTicks: 130 });
});

test('schedstat begins with the time on a CPU', () => {
  assert.equal(parseSchedstat('1234567890 55 7\n'), 1234567890);
});

test('the proportional set size is taken from a rollup', () => {
  assert.equal(parsePss('55d0-7ff [rollup]\nRss:     2048 kB\nPss:     1024 kB\nPss_Anon: 8 kB\n'), 1024 * 1024);
  assert.equal(parsePss(''), 0);
});

test('a tree is a process and all below it', () => {
  const parents = new Map([
    [2, 1],
    [3, 2],
    [4, 3],
    [5, 1],
  ]);
  assert.deepEqual(treeOf(2, parents), [2, 3, 4]);
});
