import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProblem } from './api-error.ts';

test('a problem gives its code and detail', () => {
  const error = parseProblem(403, '{"code":"live_not_enabled","detail":"Lives are off","status":403}');
  assert.deepEqual([error.status, error.code, error.message], [403, 'live_not_enabled', 'Lives are off']);
});

test('the legacy field is read when there is no detail', () => {
  assert.equal(parseProblem(400, '{"error":"Wrong name"}').message, 'Wrong name');
});

test('a body that is no problem is still an error', () => {
  assert.deepEqual([parseProblem(502, '<html>').status, parseProblem(502, '<html>').message], [502, '']);
  assert.equal(parseProblem(500, 'null').status, 500);
});
