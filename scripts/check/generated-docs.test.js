import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { REFUSALS } from '../../src/errors.ts';
import { generatePages, replaceBetweenMarks } from './generated-docs.js';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

test('the documentation has every setting and every reason to refuse a publisher as the code has it', async () => {
  const pages = await generatePages(root);
  for (const { file, before, after } of pages) assert.equal(before, after, `${file}: run "npm run docs"`);
  const publish = pages.find(({ file }) => file === 'docs/publish.md');
  for (const code of Object.keys(REFUSALS)) assert.ok(publish.before.includes(`| \`${code}\``), code);
});

test('what stands between the marks is replaced, and nothing else', () => {
  const text = 'a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb\n';
  assert.equal(replaceBetweenMarks(text, 'x', 'new'), 'a\n<!-- x:begin -->\n\nnew\n\n<!-- x:end -->\nb\n');
  assert.throws(() => replaceBetweenMarks(text, 'y', 'new'), /marks of y are missing/);
});
