import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusalOf } from './admission.ts';
import type { MetricsRules } from './admission.ts';

const TOKEN = 'a-token-of-enough-length';

function status(rules: Partial<MetricsRules>, remoteAddress: string | undefined, headers: Record<string, string> = {}): number {
  return refusalOf({ access: 'local', token: null, ...rules }, { headers, socket: { remoteAddress } })?.status ?? 200;
}

test('local: this machine, by whatever address, and nobody else', () => {
  for (const address of ['127.0.0.1', '127.0.1.1', '::1', '::ffff:127.0.0.1']) assert.equal(status({}, address), 200, address);
  for (const address of ['192.0.2.1', '10.0.0.1', '::ffff:192.0.2.1', 'fe80::1', '::1:2', '1127.0.0.1', undefined])
    assert.equal(status({}, address), 403, address);
});

test('local: what came through a proxy on this machine is not from it', () => {
  for (const name of ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'])
    assert.equal(status({}, '127.0.0.1', { [name]: '' }), 403, name);
});

test('public: all, with the token if there is one', () => {
  assert.equal(status({ access: 'public' }, '192.0.2.1', { 'x-forwarded-for': '192.0.2.7' }), 200);
  const rules = { access: 'public', token: TOKEN } as const;
  assert.equal(status(rules, '192.0.2.1', { authorization: `Bearer ${TOKEN}` }), 200);
  assert.equal(status(rules, '192.0.2.1', { authorization: `bearer  ${TOKEN}` }), 200);
  for (const authorization of [`Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, 'Bearer ', `Basic ${TOKEN}`, TOKEN])
    assert.equal(status(rules, '192.0.2.1', { authorization }), 401, authorization);
  assert.equal(status(rules, '127.0.0.1'), 401, 'this machine too');
});

test('local and a token: both', () => {
  assert.equal(status({ token: TOKEN }, '127.0.0.1'), 401);
  assert.equal(status({ token: TOKEN }, '192.0.2.1', { authorization: `Bearer ${TOKEN}` }), 403);
});
