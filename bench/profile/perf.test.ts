import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCounts, parseReport } from './perf.ts';

test('the rows of a report are shares and names', () => {
  const text =
    '# Samples: 4\n# Overhead;Command;Shared Object\n 51.20%;node;[kernel.kallsyms]\n  3.10%;libuv-worker;libc.so.6\n\n';
  assert.deepEqual(parseReport(text), [
    [0.512, 'node', '[kernel.kallsyms]'],
    [0.031, 'libuv-worker', 'libc.so.6'],
  ]);
});

test('counts are read by the name of the call', () => {
  const text =
    '100;;raw_syscalls:sys_enter;99;100.00;;\n60;;syscalls:sys_enter_read;99;100.00;;\n0;;syscalls:sys_enter_mmap;9;1;;\n';
  assert.deepEqual(
    [...parseCounts(text)],
    [
      ['all', 100],
      ['read', 60],
    ],
  );
});
