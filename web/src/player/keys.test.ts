import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandOf } from './keys.ts';

test('the usual keys of players', () => {
  assert.deepEqual(commandOf(' ', 'player'), { do: 'toggle' });
  assert.deepEqual(commandOf('K', 'elsewhere'), { do: 'toggle' });
  assert.deepEqual(commandOf('j', 'player'), { do: 'skip', seconds: -10 });
  assert.deepEqual(commandOf('ArrowRight', 'button'), { do: 'skip', seconds: 5 });
});

test('what has the focus keeps its own keys', () => {
  assert.equal(commandOf('k', 'field'), null);
  assert.equal(commandOf(' ', 'button'), null);
  assert.equal(commandOf('ArrowUp', 'volume'), null);
  assert.equal(commandOf('ArrowDown', 'elsewhere'), null);
  assert.equal(commandOf(' ', 'elsewhere'), null);
  assert.equal(commandOf('x', 'player'), null);
});
