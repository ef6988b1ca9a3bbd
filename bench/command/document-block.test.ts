import assert from 'node:assert/strict';
import { test } from 'node:test';
import { putBlock } from './document-block.ts';

test('a block is replaced between its comments, and nothing else is', () => {
  const document = 'a\n<!-- bench: storm -->\n\nold\n\n<!-- end of storm -->\nb\n';
  const expected = 'a\n<!-- bench: storm -->\n\nnew\n\n<!-- end of storm -->\nb\n';
  assert.equal(putBlock(document, 'storm', '\nnew\n'), expected);
  assert.equal(putBlock(expected, 'storm', 'new'), expected);
  assert.throws(() => putBlock(document, 'api', 'new'), /no place for api/);
});
