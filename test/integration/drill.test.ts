import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { DrillReport } from '../../src/cli/drill/report.ts';
import { Program } from '../support/processes.ts';
import { Server } from '../support/server.ts';
import { ServerApi } from '../support/server-api.ts';
import { until } from '../support/until.ts';

const REPRISE = fileURLToPath(new URL('../../src/cli/reprise.ts', import.meta.url));

/** `reprise drill …` in a process of its own, its temporary files in a directory of the test. */
async function startDrill(t: TestContext, args: readonly string[], more: NodeJS.ProcessEnv = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'reprise-drill-test-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const out: string[] = [];
  const progress: string[] = [];
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: directory, ...more };
  const program = new Program(process.execPath, [REPRISE, 'drill', ...args], {
    env,
    onOut: (line) => out.push(line),
    onError: (line) => progress.push(line),
  });
  t.after(() => (program.running ? program.end('SIGTERM', 30_000) : undefined));
  const said = (text: string): boolean => progress.some((line) => line.includes(text));
  const untilSaid = async (text: string, withinMs: number): Promise<void> => {
    await until(`the drill says ${text}, or ends`, () => said(text) || !program.running, { withinMs });
    assert.ok(said(text), progress.join('\n'));
  };
  return { program, progress, out, left: () => readdir(directory), directory, untilSaid };
}

async function report(t: TestContext, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<DrillReport> {
  const drill = await startDrill(t, [...args, '--json'], env);
  const { code } = await drill.program.ended;
  assert.equal(drill.out.length, 1, drill.progress.join('\n'));
  const found = JSON.parse(drill.out[0]) as DrillReport;
  assert.deepEqual(found.faults, []);
  assert.deepEqual([code, found.ok], [0, true], drill.out[0]);
  assert.deepEqual(await drill.left(), []);
  return found;
}

test('reprise drill storm: five lives restart twice, cleanly and abruptly, and nothing is lost', async (t) => {
  for (const how of ['--clean', '--abrupt']) {
    const { publishers, sessions, replays, firstPartMs, complaints } = await report(t, [
      'storm',
      '--lives',
      '5',
      '--rounds',
      '2',
      '--seconds',
      '2',
      how,
    ]);
    assert.deepEqual([publishers.attempts, publishers.accepted, publishers.refused, publishers.dropped], [10, 10, 0, 0]);
    assert.deepEqual([sessions.found, replays.found, replays.verified, firstPartMs?.count], [10, 10, 10, 10]);
    assert.deepEqual(
      complaints.filter((line) => !line.includes('PostgreSQL cannot run as root')),
      [],
    );
  }
});

test('reprise drill kill: three lives outlive a server that is killed twice', async (t) => {
  const { publishers, sessions, gaps, replays } = await report(t, ['kill', '--lives', '3', '--rounds', '2', '--seconds', '2']);
  assert.deepEqual([publishers.accepted, sessions.found, gaps.found, replays.verified], [9, 3, 6, 3]);
});

test('reprise drill disk: three lives outlive a disk without room, one of them began on it', async (t) => {
  const { publishers, sessions, gaps, replays, frames } = await report(t, [
    'disk',
    '--lives',
    '3',
    '--seconds',
    '2',
    '--full',
    '6',
  ]);
  assert.deepEqual([publishers.accepted, publishers.dropped, sessions.found, replays.verified], [3, 0, 3, 3]);
  assert.ok(gaps.found >= 3 && (frames.lostInFlightMs?.p50 ?? 0) > 3000, JSON.stringify(frames.lostInFlightMs));
});

test('reprise drill kill --power-cut: two lives outlive a disk that forgets; who is not root is told so', async (t) => {
  const args = ['kill', '--power-cut', '--lives', '2', '--rounds', '1', '--seconds', '2'];
  if (process.getuid?.() !== 0) {
    const drill = await startDrill(t, args);
    assert.equal((await drill.program.ended).code, 3);
    assert.match(drill.progress.join('\n'), /only root may/);
    return;
  }
  const { publishers, sessions, gaps, replays, frames } = await report(t, args);
  assert.deepEqual([publishers.accepted, sessions.found, gaps.found, replays.verified], [4, 2, 2, 2]);
  assert.equal(frames.lostByKill.length, 1);
});

test('reprise drill kill --power-cut: Ctrl-C leaves no image, loop device or mount', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('root only');
  const drill = await startDrill(t, ['kill', '--power-cut', '--lives', '2', '--rounds', '50']);
  await drill.untilSaid('kill 1', 90_000);
  assert.ok((await readFile('/proc/mounts', 'utf8')).includes(drill.directory));
  assert.deepEqual(await drill.program.end('SIGINT', 60_000), { code: 130, signal: null }, drill.progress.join('\n'));
  assert.deepEqual([await drill.left(), (await readFile('/proc/mounts', 'utf8')).includes(drill.directory)], [[], false]);
});

test('reprise drill storm --url: a running instance, which is left as it was', async (t) => {
  const server = await Server.start(t);
  const api = await ServerApi.signIn(server);
  const args = ['storm', '--lives', '2', '--rounds', '1', '--seconds', '1', '--url', server.url];
  const videos = () => api.call<object>('GET', '/users/me/videos');
  const before = await videos();
  const { replays } = await report(t, args, { REPRISE_PASSWORD: server.password });
  assert.equal(replays.verified, 2);
  assert.deepEqual(await videos(), before);
});

test('reprise drill: Ctrl-C gives up, and leaves nothing', async (t) => {
  const drill = await startDrill(t, ['storm', '--lives', '2', '--rounds', '50']);
  await drill.untilSaid('round 1', 60_000);
  assert.equal((await drill.left()).length, 1);
  assert.deepEqual(await drill.program.end('SIGINT', 30_000), { code: 130, signal: null }, drill.progress.join('\n'));
  assert.deepEqual([await drill.left(), existsSync(drill.directory)], [[], true]);
});

test('reprise drill: a server that does not start is told, and leaves nothing', async (t) => {
  const drill = await startDrill(t, ['storm', '--lives', '2'], { REPRISE_INGEST_THREADS: 'some' });
  assert.equal((await drill.program.ended).code, 1);
  assert.match(drill.progress.join('\n'), /reprise drill: given up.*: the server did not start:\nREPRISE_INGEST_THREADS /);
  assert.deepEqual(await drill.left(), []);
});
