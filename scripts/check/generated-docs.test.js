import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { settingDescriptions } from '../../src/config.ts';
import { REFUSALS } from '../../src/errors.ts';
import { formatRefusals, formatSettings, replaceBetweenMarks } from './generated-docs.js';

const page = (name) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

test('docs/configure.md has every setting as the code has it', () => {
  assert.ok(page('configure.md').includes(formatSettings(settingDescriptions())), 'run "npm run docs"');
});

test('docs/publish.md has every reason to refuse a publisher as the code has it', () => {
  assert.ok(page('publish.md').includes(formatRefusals(REFUSALS)), 'run "npm run docs"');
});

test('what stands between the marks is replaced, and nothing else', () => {
  const text = 'a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb\n';
  assert.equal(replaceBetweenMarks(text, 'x', 'new'), 'a\n<!-- x:begin -->\n\nnew\n\n<!-- x:end -->\nb\n');
  assert.throws(() => replaceBetweenMarks(text, 'y', 'new'), /marks of y are missing/);
});
