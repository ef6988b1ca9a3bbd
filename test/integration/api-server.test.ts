import assert from 'node:assert/strict';
import { test } from 'node:test';
import fastify from 'fastify';
import { Authenticator } from '../../src/api/authenticator.ts';
import { DEFAULT_API_LIMITS } from '../../src/api/context.ts';
import { registerApi } from '../../src/api/server.ts';
import { createLog } from '../../src/log.ts';
import { ApiHarness, DoorDiary, TEST_SETTINGS, WELL } from '../support/api.ts';
import { withDatabase } from '../support/postgres.ts';

test('an error tells all that the contract asks for', async (t) => {
  const api = await ApiHarness.open(t);
  const as = await api.signIn();
  const answer = await api.call({ method: 'POST', url: '/videos/live', as, body: { channelId: 1, name: 'ab' } });
  assert.equal(answer.statusCode, 400);
  assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
  const detail = 'Incorrect request parameters: name: Too small: expected string to have >=3 characters; got "ab"';
  assert.deepEqual(answer.json(), {
    type: 'about:blank',
    title: 'Bad Request',
    detail,
    status: 400,
    docs: 'http://live.example:9000/api/v1/openapi.json',
    error: detail,
    'invalid-params': { name: { location: 'body', msg: 'Too small: expected string to have >=3 characters', value: 'ab' } },
  });
  const refused = await api.call({ url: '/users/me', as: 'wrong' });
  assert.equal(refused.headers['www-authenticate'], 'Bearer');
  assert.equal(refused.json().type, 'urn:reprise:error:invalid_token');
  assert.equal(refused.json().code, 'invalid_token');
});

test('requests that no route can read', async (t) => {
  const api = await ApiHarness.open(t);
  const as = await api.signIn();
  const json = { 'content-type': 'application/json' };
  const send = (headers: Record<string, string>, body?: string) =>
    api.call({ method: 'POST', url: '/videos/live', as, headers, body });
  const cases: [string, number, Promise<{ statusCode: number; headers: Record<string, unknown>; body: string }>][] = [
    ['broken JSON', 400, send(json, '{"name":')],
    ['an empty body', 400, send(json, '')],
    ['no body', 400, send({})],
    ['an unknown type', 415, send({ 'content-type': 'application/xml' }, '<a/>')],
    ['too large a body', 413, send(json, JSON.stringify({ name: 'x'.repeat(1_100_000) }))],
    ['a broken multipart form', 400, send({ 'content-type': 'multipart/form-data; boundary=x' }, '--y\r\n')],
    ['a list where an object belongs', 400, send(json, '[1]')],
    ['a poisoned prototype', 400, send(json, '{"__proto__":{"x":1}}')],
    ['an unknown path', 404, api.call({ url: '/nothing/here?token=secret' })],
    ['an unknown method', 404, api.call({ method: 'PATCH', url: '/videos/1' })],
    ['an id that is none', 400, api.call({ url: '/videos/not-an-id' })],
    ['an id beyond all numbers', 404, api.call({ url: '/videos/99999999999999999999' })],
    ['an id of no video', 404, api.call({ url: '/videos/00000000-0000-0000-0000-000000000000' })],
  ];
  for (const [name, status, call] of cases) {
    const answer = await call;
    assert.equal(answer.statusCode, status, `${name}: ${answer.body}`);
    assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8', name);
    assert.equal((JSON.parse(answer.body) as { status: number }).status, status, name);
    assert.ok(!answer.body.includes('secret'), name);
  }
});

test('ping and config', async (t) => {
  const api = await ApiHarness.open(t);
  assert.equal((await api.call({ url: '/ping' })).body, 'pong');
  const config = await api.json({ url: '/config' });
  assert.equal(config.instance.name, 'Test');
  assert.deepEqual(config.live, {
    enabled: true,
    allowReplay: true,
    dvr: { maxWindow: 3600 },
    latencySetting: { enabled: true },
    maxDuration: -1,
    maxInstanceLives: -1,
    maxUserLives: -1,
    transcoding: {
      enabled: false,
      remoteRunners: { enabled: false },
      enabledResolutions: [],
      profile: 'default',
      availableProfiles: ['default'],
    },
    rtmp: { port: 1935 },
    reconnectWindow: 15,
  });
});

test('calls are limited by address, unknown paths too', async (t) => {
  const api = await ApiHarness.open(t, { limits: { ...DEFAULT_API_LIMITS, calls: 3, callsWindowMs: 60_000 } });
  for (let call = 0; call < 3; call += 1) assert.equal((await api.call({ url: '/ping' })).statusCode, 200);
  const limited = await api.call({ url: '/ping' });
  assert.equal(limited.statusCode, 429);
  assert.match(limited.json().detail, /More than 3 calls/);
  assert.ok(Number(limited.headers['retry-after']) > 0);
  assert.equal((await api.call({ url: '/ping', remoteAddress: '127.0.0.9' })).statusCode, 200);
  const unknown: number[] = [];
  for (let call = 0; call < 5; call += 1)
    unknown.push((await api.call({ url: '/nothing', remoteAddress: '127.0.0.8' })).statusCode);
  assert.deepEqual(unknown, [404, 404, 404, 429, 429]);
});

test('pages of other origins may call', async (t) => {
  const api = await ApiHarness.open(t);
  const origin = 'https://elsewhere.example';
  const preflight = await api.call({
    method: 'OPTIONS',
    url: '/videos/live',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' },
  });
  assert.equal(preflight.statusCode, 204);
  assert.equal(preflight.headers['access-control-allow-origin'], '*');
  assert.equal(preflight.headers['access-control-allow-headers'], 'authorization,content-type');
  assert.equal((await api.call({ url: '/config', headers: { origin } })).headers['access-control-allow-origin'], '*');
  assert.equal((await api.call({ url: '/videos/77', headers: { origin } })).headers['access-control-allow-origin'], '*');
});

test('beside other routes on one server, the API keeps to itself', async (t) => {
  const database = await withDatabase(t);
  const server = fastify();
  t.after(() => server.close());
  server.get('/static/x', (_request, reply) => reply.type('text/plain').send('media'));
  const authenticator = new Authenticator(database);
  await registerApi(server, {
    database,
    lives: new DoorDiary(),
    authenticator,
    health: WELL,
    settings: TEST_SETTINGS,
    log: createLog('silent'),
  });
  const media = await server.inject('/static/x');
  assert.deepEqual(
    [media.body, media.headers['x-ratelimit-limit'], media.headers['access-control-allow-origin']],
    ['media', undefined, undefined],
  );
  assert.equal((await server.inject('/nothing')).headers['content-type'], 'application/json; charset=utf-8');
  assert.equal((await server.inject('/api/v1/ping')).body, 'pong');
  assert.equal((await server.inject('/api/v1/nothing')).headers['content-type'], 'application/problem+json; charset=utf-8');
});

test('the limit of calls comes before the look at the token', async (t) => {
  const api = await ApiHarness.open(t, { limits: { ...DEFAULT_API_LIMITS, calls: 1, callsWindowMs: 60_000 } });
  await api.json({ url: '/users/me', as: 'guess' }, 401);
  await api.json({ url: '/users/me', as: 'another' }, 429);
});

test('with the database gone: 503, and nothing told of it', async (t) => {
  const api = await ApiHarness.open(t);
  await api.database.close();
  const answer = await api.call({ url: '/videos' });
  assert.ok([500, 503].includes(answer.statusCode), answer.body);
  assert.ok(!/pool|pg|connect/i.test(answer.body), answer.body);
});

interface Described {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<
    string,
    Record<
      string,
      { operationId: string; responses: Record<string, { description: string }>; parameters?: { name: string; in: string }[] }
    >
  >;
  components: { schemas: Record<string, unknown> };
}

test('the OpenAPI document names every route, refers to nothing that is not there, and is the same each time', async (t) => {
  const api = await ApiHarness.open(t);
  const answer = await api.call({ url: '/openapi.json' });
  const document = answer.json<Described>();
  assert.equal(document.openapi, '3.1.0');
  assert.ok(document.info.title && document.info.version);
  assert.deepEqual(
    Object.entries(document.paths)
      .flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method} ${path.replace('/api/v1', '')}`))
      .sort(),
    [
      'delete /videos/live/restarts',
      'delete /videos/{id}',
      'get /config',
      'get /health',
      'get /health/live',
      'get /health/ready',
      'get /oauth-clients/local',
      'get /ping',
      'get /users/me',
      'get /users/me/video-quota-used',
      'get /users/me/videos',
      'get /video-channels/{name}',
      'get /video-channels/{name}/videos',
      'get /videos',
      'get /videos/live/restarts',
      'get /videos/live/{id}',
      'get /videos/live/{id}/attempts',
      'get /videos/live/{id}/sessions',
      'get /videos/{id}',
      'get /videos/{id}/live-session',
      'post /users/revoke-token',
      'post /users/token',
      'post /videos/live',
      'post /videos/live/restarts',
      'put /videos/live/{id}',
      'put /videos/{id}',
    ],
  );
  const ids = new Set<string>();
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      assert.ok(!ids.has(operation.operationId), operation.operationId);
      ids.add(operation.operationId);
      assert.ok(Object.values(operation.responses).every((response) => typeof response.description === 'string'));
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const described = (operation.parameters ?? [])
        .filter((parameter) => parameter.in === 'path')
        .map((parameter) => parameter.name);
      assert.deepEqual(described, inPath, `${method} ${path}`);
    }
  }
  const references = [...answer.body.matchAll(/"\$ref":"([^"]*)"/g)].map((match) => match[1]);
  assert.ok(references.length > 10);
  for (const reference of references) {
    assert.ok(reference.startsWith('#/components/schemas/') && reference.slice(21) in document.components.schemas, reference);
  }
  assert.ok(!answer.body.includes('9007199254740991'));
  assert.equal((await api.call({ url: '/openapi.json' })).body, answer.body);
  assert.equal((await (await ApiHarness.open(t)).call({ url: '/openapi.json' })).body, answer.body);
});
