import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markdownTable } from './markdown-table.ts';

test('a table has its columns aligned', () => {
  const table = markdownTable(
    ['server', 'n'],
    [
      ['ours', '1'],
      ['nginx-rtmp', '200'],
    ],
  );
  assert.equal(table, '| server     |   n |\n| ---------- | --: |\n| ours       |   1 |\n| nginx-rtmp | 200 |\n');
});
