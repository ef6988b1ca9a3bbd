import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { UsageError } from './command-io.ts';
import { parseRestartArguments, RESTART_HELP } from './restart-arguments.ts';
import { runRestart } from './restart.ts';

const ENV = { REPRISE_TOKEN: 'secret-token' };
const VIDEO = { id: 1, uuid: '0000000a-0000-4000-8000-000000000001', shortUUID: 'x', name: 'Camera 1' };

/** Runs the command; `answer` is what a server says, and without one there is none. */
async function restart(t: TestContext, args: string[], answer?: { status: number; body: object | null }) {
  const asked: { method: string | undefined; url: string | undefined; authorization: string | undefined; body: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      asked.push({ method, url, authorization: headers.authorization, body: Buffer.concat(chunks).toString() });
      response.writeHead(answer?.status ?? 500).end(answer?.body ? JSON.stringify(answer.body) : undefined);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  if (answer === undefined) server.close();
  else t.after(() => (server.closeAllConnections(), server.close()));
  const [out, err]: [string[], string[]] = [[], []];
  const io = {
    out: (text: string) => out.push(text),
    err: (text: string) => err.push(text),
    env: ENV,
    signal: new AbortController().signal,
  };
  const code = await runRestart([...args, '--url', url], io);
  assert.ok(![...out, ...err].join('').includes(ENV.REPRISE_TOKEN));
  return { code, out: out.join(''), err: err.join(''), asked };
}

test('reprise restart asks the API, and prints the plan', async (t) => {
  const plan = {
    total: 1,
    data: [{ date: '2026-03-01T04:30:00.000Z', video: VIDEO }],
    leftAlone: [{ uuid: '0000000a-0000-4000-8000-000000000002', reason: 'not_on_air' }],
  };
  const run = await restart(t, ['--live', '1', '--live', VIDEO.uuid, '--over', '10m'], { status: 202, body: plan });
  assert.equal(run.code, 0, run.err);
  assert.deepEqual(run.asked, [
    {
      method: 'POST',
      url: '/api/v1/videos/live/restarts',
      authorization: 'Bearer secret-token',
      body: JSON.stringify({ overS: 600, ids: ['1', VIDEO.uuid] }),
    },
  ]);
  assert.equal(
    run.out,
    `2026-03-01T04:30:00.000Z  ${VIDEO.uuid}  Camera 1\n` +
      'left alone, not on air: 0000000a-0000-4000-8000-000000000002\n' +
      '1 restart is planned, from 2026-03-01T04:30:00.000Z to 2026-03-01T04:30:00.000Z.\n',
  );
});

test('reprise restart lists and forgets what is planned', async (t) => {
  const listed = await restart(t, ['--list', '--json'], { status: 200, body: { total: 0, data: [] } });
  assert.deepEqual([listed.code, listed.asked[0].method, listed.asked[0].body], [0, 'GET', '']);
  assert.deepEqual(JSON.parse(listed.out), { total: 0, data: [] });
  const forgotten = await restart(t, ['--cancel'], { status: 204, body: null });
  assert.deepEqual([forgotten.code, forgotten.asked[0].method], [0, 'DELETE']);
});

test('reprise restart: a server that says no, or nothing, is exit code 1', async (t) => {
  const refused = await restart(t, [], { status: 403, body: { detail: 'Cannot manage a video of another user.' } });
  assert.equal(refused.code, 1);
  assert.match(refused.err, /said no \(403\): Cannot manage a video of another user\./);
  const away = await restart(t, []);
  assert.equal(away.code, 1);
  assert.match(away.err, /does not answer: .*ECONNREFUSED/);
});

const times: [string, number][] = [
  ['0', 0],
  ['90', 90],
  ['90s', 90],
  ['10m', 600],
  ['1.5h', 5400],
  ['24h', 86_400],
];
for (const [text, seconds] of times) {
  test(`--over ${text} is ${seconds} s`, () => assert.equal(parseRestartArguments(['--over', text], ENV)?.overS, seconds));
}

const wrong: [string, string[], RegExp][] = [
  ['a time that is none', ['--over', 'soon'], /--over must be a time up to 24h/],
  ['a time too long', ['--over', '25h'], /--over must be a time up to 24h/],
  ['a live without its flag', ['1'], /lives are named with --live, not "1"/],
  ['two things at once', ['--list', '--cancel'], /not both/],
  ['forgetting one live', ['--cancel', '--live', '1'], /without --live and --over/],
  ['another protocol', ['--url', 'rtmp://localhost'], /--url must begin with http/],
];
for (const [name, args, message] of wrong) {
  test(`reprise restart refuses ${name}`, () => {
    assert.throws(
      () => parseRestartArguments(args, ENV),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  });
}

test('reprise restart wants a token, and tells all without one when asked for help', async (t) => {
  assert.throws(() => parseRestartArguments([], {}), /wanted is an access token/);
  assert.equal((await restart(t, ['--help'])).out, RESTART_HELP);
});
