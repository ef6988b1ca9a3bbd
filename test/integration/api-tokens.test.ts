import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_API_LIMITS } from '../../src/api/context.ts';
import { ApiHarness, ROOT_PASSWORD } from '../support/api.ts';

interface Tokens {
  token_type: string;
  access_token: string;
  refresh_token: string;
  expires_in: number;
  refresh_token_expires_in: number;
}

async function tokenForm(api: ApiHarness, fields: Record<string, string>): Promise<string> {
  const client = await api.json<Record<string, string>>({ url: '/oauth-clients/local' });
  return new URLSearchParams({ ...client, response_type: 'code', scope: 'upload', ...fields }).toString();
}

test('the password grant, as a form and as JSON, by name in any case and by e-mail', async (t) => {
  const api = await ApiHarness.open(t);
  for (const username of ['root', 'ROOT', 'root@localhost']) {
    const form = await tokenForm(api, { grant_type: 'password', username, password: ROOT_PASSWORD });
    const answer = await api.call({ method: 'POST', url: '/users/token', form });
    assert.equal(answer.statusCode, 200, answer.body);
    assert.equal(answer.headers['cache-control'], 'no-store');
    const tokens = answer.json<Tokens>();
    assert.equal(tokens.token_type, 'Bearer');
    assert.equal(tokens.expires_in, 86_400);
    assert.equal(tokens.refresh_token_expires_in, 1_209_600);
    assert.equal((await api.json({ url: '/users/me', as: tokens.access_token })).username, 'root');
  }
  const client = await api.json<object>({ url: '/oauth-clients/local' });
  const body = { ...client, grant_type: 'password', username: 'root', password: ROOT_PASSWORD };
  assert.ok((await api.json<Tokens>({ method: 'POST', url: '/users/token', body })).access_token);
});

test('the tokens themselves are nowhere in the database', async (t) => {
  const api = await ApiHarness.open(t);
  const token = await api.signIn();
  const { rows } = await api.database.query<{ text: string }>('select tokens::text as text from tokens');
  assert.equal(rows.length, 1);
  assert.ok(!rows[0].text.includes(token) && !rows[0].text.includes(Buffer.from(token).toString('hex')));
});

const REFUSED: { name: string; fields: Record<string, string>; code: string }[] = [
  { name: 'a wrong password', fields: { grant_type: 'password', username: 'root', password: 'wrong' }, code: 'invalid_grant' },
  { name: 'an unknown user', fields: { grant_type: 'password', username: 'nobody', password: 'wrong' }, code: 'invalid_grant' },
  { name: 'no password', fields: { grant_type: 'password', username: 'root' }, code: 'invalid_request' },
  {
    name: 'a wrong client',
    fields: { client_id: 'x', grant_type: 'password', username: 'root', password: ROOT_PASSWORD },
    code: 'invalid_client',
  },
  {
    name: 'a wrong client secret',
    fields: { client_secret: 'x', grant_type: 'password', username: 'root', password: ROOT_PASSWORD },
    code: 'invalid_client',
  },
  { name: 'an unknown refresh token', fields: { grant_type: 'refresh_token', refresh_token: 'x' }, code: 'invalid_grant' },
  { name: 'no refresh token', fields: { grant_type: 'refresh_token' }, code: 'invalid_request' },
  { name: 'another grant', fields: { grant_type: 'client_credentials' }, code: 'unsupported_grant_type' },
];

test('what is refused: 400, with the code of OAuth', async (t) => {
  const api = await ApiHarness.open(t);
  for (const { name, fields, code } of REFUSED) {
    const answer = await api.json({ method: 'POST', url: '/users/token', form: await tokenForm(api, fields) }, 400);
    assert.equal(answer.code, code, name);
    assert.ok(!JSON.stringify(answer).includes(ROOT_PASSWORD), name);
  }
  const missing = await api.json({ method: 'POST', url: '/users/token', body: { password: ROOT_PASSWORD } }, 400);
  assert.deepEqual(Object.keys(missing['invalid-params']).sort(), ['client_id', 'client_secret', 'grant_type']);
});

test('a password that is no text is refused without being repeated', async (t) => {
  const api = await ApiHarness.open(t);
  const client = await api.json<object>({ url: '/oauth-clients/local' });
  const body = { ...client, grant_type: 'password', username: 'root', password: { secret: 'do not tell' } };
  const answer = await api.call({ method: 'POST', url: '/users/token', body });
  assert.equal(answer.statusCode, 400);
  assert.ok(!answer.body.includes('do not tell'));
});

test('a refresh token is spent once, and takes its access token with it', async (t) => {
  const api = await ApiHarness.open(t);
  const first = await api.json<Tokens>({
    method: 'POST',
    url: '/users/token',
    form: await tokenForm(api, { grant_type: 'password', username: 'root', password: ROOT_PASSWORD }),
  });
  await api.json({ url: '/users/me', as: first.access_token }); // now the server remembers it
  const form = await tokenForm(api, { grant_type: 'refresh_token', refresh_token: first.refresh_token });
  const both = await Promise.all([1, 2].map(() => api.call({ method: 'POST', url: '/users/token', form })));
  assert.deepEqual(
    both.map((answer) => answer.statusCode).sort((a, b) => a - b),
    [200, 400],
  );
  const second = both.find((answer) => answer.statusCode === 200)!.json<Tokens>();
  await api.json({ url: '/users/me', as: second.access_token });
  assert.equal((await api.json({ url: '/users/me', as: first.access_token }, 401)).code, 'invalid_token');
  await api.json({ method: 'POST', url: '/users/token', form }, 400);
});

test('a revoked token is refused at once, though it was remembered', async (t) => {
  const api = await ApiHarness.open(t);
  const token = await api.signIn();
  const other = await api.signIn();
  await api.json({ url: '/users/me', as: token });
  await api.json({ method: 'POST', url: '/users/revoke-token', as: token });
  await api.json({ url: '/users/me', as: token }, 401);
  await api.json({ url: '/users/me', as: other });
  await api.json({ method: 'POST', url: '/users/revoke-token' }, 401);
});

test('tokens that have run out, and those of blocked users, are no tokens', async (t) => {
  const api = await ApiHarness.open(t);
  const token = await api.signIn();
  await api.database.query(`update tokens set access_expires_at = now() - interval '1 second'`);
  await api.json({ url: '/users/me', as: token }, 401);

  const ann = await api.addUser('ann');
  await api.database.query('update users set blocked = true where id = $1', [ann.userId]);
  await api.json({ url: '/users/me', as: ann.token }, 401);
  const form = await tokenForm(api, { grant_type: 'password', username: 'ann', password: 'password of ann' });
  assert.equal((await api.json({ method: 'POST', url: '/users/token', form }, 400)).code, 'access_denied');
});

test('a known token needs no database', async (t) => {
  const api = await ApiHarness.open(t);
  const header = `Bearer ${await api.signIn()}`;
  assert.equal((await api.authenticator.authenticate(header))?.username, 'root');
  await api.database.close();
  assert.equal((await api.authenticator.authenticate(header))?.username, 'root');
  assert.equal(await api.authenticator.authenticate('Bearer'), null);
  assert.equal(await api.authenticator.authenticate('Basic cm9vdDpyb290'), null);
  assert.equal(await api.authenticator.authenticate(undefined), null);
});

test('logins are limited by address, other calls are not', async (t) => {
  const api = await ApiHarness.open(t, { limits: { ...DEFAULT_API_LIMITS, logins: 3 } });
  const form = await tokenForm(api, { grant_type: 'refresh_token', refresh_token: 'x' });
  for (let call = 0; call < 3; call += 1) await api.json({ method: 'POST', url: '/users/token', form }, 400);
  const limited = await api.call({ method: 'POST', url: '/users/token', form });
  assert.equal(limited.statusCode, 429);
  assert.equal(limited.json().code, 'too_many_requests');
  assert.ok(Number(limited.headers['retry-after']) > 200, String(limited.headers['retry-after']));
  await api.json({ method: 'POST', url: '/users/token', form, remoteAddress: '127.0.0.2' }, 400);
  await api.json({ url: '/config' });
});

test('an unknown user costs a login as much as a wrong password', async (t) => {
  const api = await ApiHarness.open(t);
  const timeOf = async (username: string): Promise<number> => {
    const form = await tokenForm(api, { grant_type: 'password', username, password: 'wrong' });
    const began = performance.now();
    await api.json({ method: 'POST', url: '/users/token', form }, 400);
    return performance.now() - began;
  };
  await timeOf('root');
  const times = { known: [] as number[], unknown: [] as number[] };
  for (let round = 0; round < 5; round += 1) {
    times.known.push(await timeOf('root'));
    times.unknown.push(await timeOf('nobody'));
  }
  // The least of five: on a busy machine, all that is not the work itself only adds.
  const ratio = Math.min(...times.unknown) / Math.min(...times.known);
  assert.ok(ratio > 0.4 && ratio < 2.5, `unknown/known = ${ratio}`);
});
