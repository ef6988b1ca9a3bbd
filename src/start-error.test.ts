import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainDatabase, explainDataDirectory, explainListening, StartError } from './start-error.ts';

const coded = (code: string, more: object = {}): Error =>
  Object.assign(new Error(`${code}: as the system says`), { code, ...more });

for (const [code, setting, message] of [
  ['EADDRINUSE', 'http', /^http-port: port 80 is in use .* --http-port\.$/],
  ['EACCES', 'rtmp', /^rtmp-port: this user may not listen on port 80\./],
  ['EADDRNOTAVAIL', 'rtmp', /^rtmp-host: this machine has no address 192\.0\.2\.9\./],
  ['ENOTFOUND', 'http', /^http-host: /],
] as const) {
  test(`listening: ${code}`, () => {
    const told = explainListening(coded(code), setting, { host: '192.0.2.9', port: 80 });
    assert.ok(told instanceof StartError);
    assert.match(told.message, message);
    assert.doesNotMatch(told.message, /\n/);
  });
}

test('what is not understood stays as it is', () => {
  const error = coded('ESOMETHING');
  assert.equal(explainListening(error, 'http', { host: '', port: 1 }), error);
  assert.equal(explainDataDirectory(error, '/data'), error);
  assert.ok(!(explainDataDirectory(coded('EACCES', { path: '/elsewhere/x' }), '/data') instanceof StartError));
});

test('a data directory that can not be used: its own files, and its parents', () => {
  for (const path of ['/srv/data/ledger/facts.log', '/srv/data', '/srv']) {
    const told = explainDataDirectory(coded('EROFS', { path }), '/srv/data');
    assert.ok(told instanceof StartError);
    assert.match(told.message, /^data-dir: \/srv\/data can not be used: EROFS/);
  }
});

test('a database that can not be used: where it is and why, and no password', () => {
  const url = 'postgres://ada:secret@db.example:5433/reprise?sslmode=require';
  const one = explainDatabase(new Error('password authentication failed'), url).message;
  assert.equal(one, 'database-url: the database reprise at db.example:5433 can not be used: password authentication failed');
  const many = explainDatabase(new AggregateError([new Error('connect ECONNREFUSED ::1:5433'), new Error('x')]), url).message;
  assert.match(many, /can not be used: connect ECONNREFUSED ::1:5433$/);
});
