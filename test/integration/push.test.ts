import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseFlvFile } from '../../src/rtmp/flv-file.ts';
import { Server } from '../support/server.ts';
import { ServerApi } from '../support/server-api.ts';
import { until } from '../support/until.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const REPRISE = join(ROOT, 'src/cli/reprise.ts');
const FILE = join(ROOT, 'test/fixtures/h264-high-b-frames-25fps-aac-44100-mono.flv');

interface State {
  readonly state: string;
  readonly [field: string]: unknown;
}

/** `reprise push … --json` in a process of its own. */
function push(t: TestContext, args: readonly string[]) {
  const child = spawn(process.execPath, [REPRISE, 'push', ...args, '--json'], { stdio: ['pipe', 'inherit', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (more: string) => (text += more));
  child.stdin.on('error', () => {});
  const states = (): State[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as State);
  return {
    child,
    states,
    text: () => text,
    reached: (state: string, times = 1) =>
      until(`reprise push says ${state}`, () => states().filter((each) => each.state === state).length >= times),
    ended: once(child, 'close').then(([code]) => code as number | null),
  };
}

test('reprise push', { timeout: 120_000 }, async (t) => {
  const server = await Server.start(t);
  const api = await ServerApi.signIn(server);
  const video = parseFlvFile(readFileSync(FILE)).durationMs;
  const ended = async (live: Awaited<ReturnType<ServerApi['addLive']>>) =>
    until('the session has ended', async () => {
      const sessions = await api.sessions(live);
      return sessions.length === 1 && sessions[0].endingProcessed ? sessions[0] : null;
    });

  await t.test('a file is published to its end, and said goodbye for', async (t) => {
    const live = await api.addLive('File');
    const { states, text, ended: over } = push(t, [FILE, live.rtmpUrl, '--once']);
    assert.equal(await over, 0, text());
    assert.deepEqual(
      states().map(({ state }) => state),
      ['connecting', 'publishing', 'disconnected', 'done'],
    );
    assert.ok(!text().includes(live.streamKey), 'the key is not shown');
    const session = await ended(live);
    assert.equal(session.endReason, 'unpublished');
    assert.ok(Math.abs(session.recordedMs - video) < 100, `${session.recordedMs} ms of ${video} ms`);
  });

  await t.test('standard input is published as it comes; its end is the end', async (t) => {
    const live = await api.addLive('Standard input');
    const bytes = readFileSync(FILE);
    const { child, reached, text, ended: over } = push(t, ['-', live.rtmpUrl]);
    child.stdin.write(bytes.subarray(0, 400));
    await reached('publishing');
    child.stdin.end(bytes.subarray(400));
    assert.equal(await over, 0, text());
    const session = await ended(live);
    assert.equal(session.endReason, 'unpublished');
    assert.ok(session.recordedMs > video * 0.9, `${session.recordedMs} ms of ${video} ms`);
  });

  await t.test('it comes back when the server does, until it is told to stop', async (t) => {
    const live = await api.addLive('Back again');
    const { child, reached, states, ended: over } = push(t, [FILE, live.rtmpUrl, '--loop']);
    await reached('publishing');
    await until('there is something to go on with', async () =>
      (await api.sessions(live)).some(({ recordedMs }) => recordedMs > 0),
    );
    await server.kill9();
    await reached('retrying');
    await server.start();
    await reached('publishing', 2);
    child.kill('SIGINT');
    assert.equal(await over, 130);
    assert.equal(states().at(-1)?.exitCode, 130);
    const session = await ended(live);
    assert.deepEqual([session.endReason, session.gaps.length], ['unpublished', 1]);
  });

  await t.test('exit codes: refused for good, nobody there, a time limit', async (t) => {
    const live = await api.addLive('Codes');
    const unknown = push(t, [FILE, server.rtmpUrl('no-such-key')]);
    assert.equal(await unknown.ended, 3);
    assert.deepEqual(unknown.states().find(({ state }) => state === 'refused')?.code, 'unknown_key');
    const nobody = push(t, [FILE, 'rtmp://127.0.0.1:9/live/key', '--once', '--within', '0.5']);
    assert.equal(await nobody.ended, 4);
    const limited = push(t, [FILE, live.rtmpUrl, '--loop', '--duration', '1.5']);
    assert.equal(await limited.ended, 0, limited.text());
    const noFlv = push(t, ['-', live.rtmpUrl]);
    noFlv.child.stdin.end('<!doctype html>');
    assert.equal(await noFlv.ended, 2);
    assert.match(noFlv.text(), /not an FLV stream/);
  });
});
