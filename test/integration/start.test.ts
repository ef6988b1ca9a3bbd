import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readPidFile } from '../../src/database/embedded/postmaster.ts';
import { cloneDatabase } from '../support/postgres.ts';
import { Program } from '../support/processes.ts';
import { until } from '../support/until.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

interface Run {
  readonly program: Program;
  readonly out: string[];
  readonly error: string[];
}

function makeDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'reprise-test-start-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** The server, on free ports unless told otherwise. */
function run(t: TestContext, directory: string, settings: Record<string, string> = {}): Run {
  const out: string[] = [];
  const error: string[] = [];
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    REPRISE_DATA_DIR: directory,
    REPRISE_HTTP_PORT: '0',
    REPRISE_RTMP_PORT: '0',
    REPRISE_LOG_LEVEL: 'warn',
    ...settings,
  };
  const program = new Program(process.execPath, [MAIN], {
    env,
    onOut: (line) => out.push(line),
    onError: (line) => error.push(line),
  });
  t.after(() => (program.running ? program.end('SIGKILL') : undefined));
  return { program, out, error };
}

/** It must end with code 1 and one line for a person, and leave nothing running. */
async function refuses(t: TestContext, directory: string, settings: Record<string, string>, line: RegExp): Promise<void> {
  const { program, out, error } = run(t, directory, settings);
  const { code } = await program.ended;
  assert.deepEqual([code, out, error.length], [1, [], 1], error.join('\n'));
  assert.match(error[0], line);
  assert.doesNotMatch(error[0], /secret/);
}

async function isNothingLeft(directory: string): Promise<void> {
  assert.equal(readdirSync(directory).includes('server.pid'), false);
  assert.equal(await readPidFile(join(directory, 'postgres/cluster')), null, 'PostgreSQL is stopped');
}

test('a port that is taken: told by its setting, and nothing is left running', async (t) => {
  const directory = makeDirectory(t);
  const taken = createServer().listen(0, '0.0.0.0');
  await once(taken, 'listening');
  t.after(() => taken.close());
  const port = String((taken.address() as AddressInfo).port);
  await refuses(t, directory, { REPRISE_HTTP_PORT: port }, new RegExp(`^http-port: port ${port} is in use`));
  await refuses(t, directory, { REPRISE_RTMP_PORT: port }, new RegExp(`^rtmp-port: port ${port} is in use`));
  await isNothingLeft(directory);
});

test('a data directory that can not be used is told by its setting', async (t) => {
  const directory = makeDirectory(t);
  writeFileSync(join(directory, 'file'), '');
  await refuses(t, join(directory, 'file'), {}, /^data-dir: .*file can not be used: /);
  const url = databaseUrl(await cloneDatabase());
  writeFileSync(join(directory, 'recordings'), '');
  await refuses(t, directory, { REPRISE_DATABASE_URL: url }, /^data-dir: .* can not be used: .*recordings/);
  await isNothingLeft(directory);
});

test('a database that can not be used is told by its setting, without its password', async (t) => {
  const directory = makeDirectory(t);
  const connection = await cloneDatabase();
  const url = databaseUrl({ ...connection, database: 'no_such' });
  await refuses(
    t,
    directory,
    { REPRISE_DATABASE_URL: url },
    /^database-url: the database no_such at .* can not be used: .*does not exist/,
  );
  const nowhere = 'postgres://ada:secret@no-such-host.invalid/reprise';
  await refuses(
    t,
    directory,
    { REPRISE_DATABASE_URL: nowhere },
    /^database-url: the database reprise at no-such-host\.invalid can not be used: /,
  );
  await isNothingLeft(directory);
});

test('SIGTERM while the rooms are being started: they are closed again, PostgreSQL among them', async (t) => {
  const directory = makeDirectory(t);
  const { program, out } = run(t, directory);
  await until('PostgreSQL is starting', () => readdirSync(directory).includes('postgres'));
  assert.deepEqual(await program.end('SIGTERM'), { code: 0, signal: null });
  assert.deepEqual(out, [], 'it never said that it is ready');
  await isNothingLeft(directory);
});

test('a second server in the same directory is refused, and does not harm the first', async (t) => {
  const directory = makeDirectory(t);
  const url = databaseUrl(await cloneDatabase());
  const first = run(t, directory, { REPRISE_DATABASE_URL: url });
  await until('it is ready', () => first.out.some((line) => line.includes(' is ready')), { withinMs: 30_000 });
  await refuses(
    t,
    directory,
    { REPRISE_DATABASE_URL: url },
    new RegExp(`^data-dir: .* is in use by another Reprise server .process ${first.program.child.pid}`),
  );
  assert.ok(readdirSync(directory).includes('server.pid'));
  assert.deepEqual(await first.program.end('SIGTERM'), { code: 0, signal: null });
  await isNothingLeft(directory);
});

function databaseUrl({ host, port, user, database }: { host: string; port: number; user: string; database: string }): string {
  return `postgres://${user}:secret@localhost:${port}/${database}?host=${encodeURIComponent(host)}`;
}
