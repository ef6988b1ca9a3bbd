import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { runDoctor } from '../../src/cli/doctor.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { claimDataDirectory } from '../../src/data-directory.ts';
import { Database } from '../../src/database/database.ts';
import { EmbeddedPostgres } from '../../src/database/embedded-postgres.ts';
import { createLog } from '../../src/log.ts';

const log = createLog('silent');
/** Little enough that the disk of any machine has room for it. */
const LOAD = ['--lives', '1', '--viewers', '1', '--bitrate', '1'];
const PORTS = ['--http-port', '0', '--rtmp-port', '0'];

/** What the test made is undone backwards, the directory last. */
async function makeDirectory(t: TestContext): Promise<{ directory: string; later: (undo: () => unknown) => void }> {
  const directory = await mkdtemp(join(tmpdir(), 'reprise-doctor-'));
  await chmod(directory, 0o755);
  const undos: (() => unknown)[] = [() => rm(directory, { recursive: true, force: true })];
  t.after(async () => {
    for (const undo of undos.reverse()) await undo();
  });
  return { directory, later: (undo) => void undos.push(undo) };
}

async function doctor(...args: string[]): Promise<{ code: number; findings: Finding[]; text: string }> {
  let text = '';
  const code = await runDoctor([...LOAD, '--json', ...args], {
    out: (more) => void (text += more),
    env: { PATH: process.env['PATH'] },
  });
  return { code, text, findings: (JSON.parse(text) as { findings: Finding[] }).findings };
}

/** `failure PostgreSQL: synchronous_commit off`, for those that are not all right. */
function told(findings: readonly Finding[], level: Finding['level'], check: string): string[] {
  return findings.filter((each) => each.level === level && each.check === check).map(({ text }) => text);
}

test('a PostgreSQL that is set up badly: every setting is named', async (t) => {
  const { directory, later } = await makeDirectory(t);
  const settings = {
    default_transaction_isolation: 'serializable',
    max_pred_locks_per_transaction: '64',
    max_connections: '10',
    synchronous_commit: 'off',
    fsync: 'off',
    full_page_writes: 'off',
  };
  const postgres = await EmbeddedPostgres.start({ directory: join(directory, 'pg'), log, settings });
  later(() => postgres.close());
  const admin = await Database.open({ connection: { ...postgres.connection }, log, maxConnections: 1 });
  await admin.query('create role weak login connection limit 5');
  await admin.query('create role plain login');
  await admin.query('grant create on schema public to plain');
  await admin.close();

  const url = (user: string): string => `postgres://${user}:secret@localhost/reprise?host=${postgres.connection.host}`;
  const plain = await doctor(...PORTS, '--data-dir', directory, '--database-url', url('plain'));
  assert.equal(plain.code, 1);
  assert.deepEqual(told(plain.findings, 'failure', 'PostgreSQL'), [
    'synchronous_commit off',
    'fsync off',
    'full_page_writes off',
    'max_connections 10: 2 reserved, 0 of others open; Reprise opens up to 12',
  ]);
  assert.deepEqual(told(plain.findings, 'warning', 'PostgreSQL'), [
    'default_transaction_isolation serializable',
    'max_pred_locks_per_transaction 64 with serializable transactions',
  ]);
  assert.equal(told(plain.findings, 'ok', 'clock').length, 1);

  const weak = await doctor(...PORTS, '--data-dir', directory, '--database-url', url('weak'));
  const failures = told(weak.findings, 'failure', 'PostgreSQL');
  assert.ok(failures.includes('user weak may not make tables in reprise'), failures.join('; '));
  assert.ok(failures.includes('connection limit 5 of the user or database; Reprise opens up to 12'), failures.join('; '));
  assert.ok(!weak.text.includes('secret'));
});

test('a PostgreSQL that is away is told without its password', async (t) => {
  const { directory } = await makeDirectory(t);
  const { code, findings, text } = await doctor(
    ...PORTS,
    '--data-dir',
    directory,
    '--database-url',
    'postgres://me:secret@127.0.0.1:1/shows',
  );
  assert.equal(code, 1);
  assert.match(
    told(findings, 'failure', 'PostgreSQL').join(),
    /^the database shows at 127\.0\.0\.1:1 cannot be used: .*ECONNREFUSED/,
  );
  assert.ok(!text.includes('secret'));
});

test('the built-in PostgreSQL is tried where there is none, and nothing stays behind', async (t) => {
  const { directory } = await makeDirectory(t);
  const { code, findings } = await doctor(...PORTS, '--data-dir', join(directory, 'new/data'));
  assert.deepEqual(
    findings.filter(({ level }) => level === 'failure'),
    [],
  );
  assert.equal(code, 0);
  assert.match(told(findings, 'ok', 'built-in PostgreSQL').join(), /^made, started and removed one on trial/);
  assert.deepEqual(await readdir(directory), []);
  assert.equal((await doctor('--strict', ...PORTS, '--data-dir', join(directory, 'new/data'))).code, 1, 'any port is a warning');
});

test('beside a server that runs: its PostgreSQL is asked, its port is its own', async (t) => {
  const { directory, later } = await makeDirectory(t);
  const postgres = await EmbeddedPostgres.start({ directory: join(directory, 'postgres'), log });
  later(() => postgres.close());
  const listener = createServer().listen(0, '127.0.0.1');
  later(() => listener.close());
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const args = [
    '--data-dir',
    directory,
    '--http-host',
    '127.0.0.1',
    '--http-port',
    '0',
    '--rtmp-host',
    '127.0.0.1',
    '--rtmp-port',
    `${port}`,
  ];

  const stranger = await doctor(...args);
  assert.deepEqual(told(stranger.findings, 'failure', 'rtmp port'), [`127.0.0.1 ${port} is in use by another program`]);
  assert.equal(stranger.code, 1);

  const { release } = claimDataDirectory(directory);
  later(release);
  const own = await doctor(...args);
  assert.deepEqual(told(own.findings, 'ok', 'built-in PostgreSQL'), [`runs as process ${postgres.pid}`]);
  assert.deepEqual(told(own.findings, 'ok', 'rtmp port'), [`127.0.0.1 ${port} is held by the Reprise that runs here`]);
  assert.ok(told(own.findings, 'ok', 'data directory').some((text) => text.includes(`as process ${process.pid}`)));
  assert.equal(own.code, 0);
});

test('settings that the server would refuse are findings', async () => {
  const { code, findings } = await doctor('--rtmp-port', 'many');
  assert.equal(code, 1);
  assert.deepEqual(
    findings.map(({ level, check }) => `${level} ${check}`),
    ['failure settings'],
  );
});
