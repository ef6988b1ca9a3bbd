import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { chmod, chown, lstat, mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from '../../src/database/database.ts';
import { EmbeddedPostgres } from '../../src/database/embedded-postgres.ts';
import { createLog } from '../../src/log.ts';
import { postgresErrors, withPostgres } from '../support/postgres.ts';
import type { TestContext } from 'node:test';

const log = createLog('silent');
const needsRoot = process.getuid?.() === 0 ? false : 'only root has to switch users';

/** Servers to be closed before their directory goes. */
const servers: EmbeddedPostgres[] = [];

async function makeDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'reprise-pg-'));
  t.after(async () => {
    await Promise.all(servers.splice(0).map((postgres) => postgres.close()));
    await rm(directory, { recursive: true, force: true });
  });
  await chmod(directory, 0o755); // else, as root, it would count as closed
  return directory;
}

async function start(directory: string, settings: Record<string, string> = {}): Promise<EmbeddedPostgres> {
  const postgres = await EmbeddedPostgres.start({ directory, log, settings: { fsync: 'off', ...settings } });
  servers.push(postgres);
  return postgres;
}

async function ask(postgres: EmbeddedPostgres, text: string): Promise<Record<string, unknown>[]> {
  const database = await Database.open({ connection: { ...postgres.connection }, log, maxConnections: 1 });
  try {
    return (await database.query<Record<string, unknown>>(text)).rows;
  } finally {
    await database.close();
  }
}

/** Runs a server in a process of its own and kills that process: the server stays. */
async function leaveBehind(directory: string): Promise<number> {
  const program = `import { EmbeddedPostgres } from '${path.join(import.meta.dirname, '../../src/database/embedded-postgres.ts')}';
    import { createLog } from '${path.join(import.meta.dirname, '../../src/log.ts')}';
    const postgres = await EmbeddedPostgres.start({ directory: '${directory}', log: createLog('silent'), settings: { fsync: 'off' } });
    process.stdout.write(String(postgres.pid), () => process.kill(process.pid, 'SIGKILL'));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output] = (await once(child.stdout, 'data')) as [Buffer];
  await once(child, 'exit');
  return Number(output.toString());
}

test('only this user reaches the server, there is no TCP, and it stops on close', async (t) => {
  const { postgres } = await withPostgres(t);
  const rows = await ask(
    postgres,
    `select current_setting('listen_addresses') as tcp, current_database() as database, version() as version`,
  );
  assert.deepEqual([rows[0]['tcp'], rows[0]['database']], ['', 'reprise']);
  assert.match(String(rows[0]['version']), /^PostgreSQL 18/);
  assert.equal((await stat(postgres.connection.host)).mode & 0o077, 0);
  assert.equal((await stat(path.dirname(postgres.connection.host))).mode & 0o077, 0);
  assert.notEqual((await stat(`/proc/${postgres.pid}`).catch(() => ({ uid: 1 }))).uid, 0);
  const { pid } = postgres;
  await Promise.all([postgres.close(), postgres.close()]);
  await postgres.close();
  assert.throws(() => process.kill(pid as number, 0), { code: 'ESRCH' });
  assert.deepEqual(await postgresErrors(postgres), []);
});

test('a server that a killed process left behind is adopted, restarted when it dies, and stopped', async (t) => {
  const directory = path.join(await makeDirectory(t), 'pg');
  const left = await leaveBehind(directory);
  process.kill(left, 0);
  const postgres = await start(directory);
  assert.equal(postgres.pid, left);
  assert.deepEqual(await ask(postgres, 'select 1 as one'), [{ one: 1 }]);
  process.kill(left, 'SIGKILL');
  while (postgres.pid === left || postgres.pid === null) await sleep(20);
  assert.deepEqual(await ask(postgres, 'select 1 as one'), [{ one: 1 }]);
  await postgres.close();
  assert.equal(postgres.pid, null);
});

test('a server that was left behind with other settings is restarted with ours', async (t) => {
  const directory = path.join(await makeDirectory(t), 'pg');
  const left = await leaveBehind(directory);
  const postgres = await start(directory, { work_mem: '5MB' });
  assert.notEqual(postgres.pid, left);
  assert.deepEqual(await ask(postgres, 'show work_mem'), [{ work_mem: '5MB' }]);
});

test('a process number that belongs to somebody else now does not keep the server from starting', async (t) => {
  const directory = path.join(await makeDirectory(t), 'pg');
  await (await start(directory)).close();
  const { uid, gid } = await stat(path.join(directory, 'cluster'));
  const bystander = spawn('sleep', ['60'], needsRoot ? {} : { uid, gid }); // as after a reboot, or in a new container
  t.after(() => bystander.kill());
  const lines = `${bystander.pid}\n${directory}/cluster\n1700000000\n5432\n${directory}/run\n`;
  for (const [file, text] of [
    ['cluster/postmaster.pid', `${lines}\n  1234 5678\nready\n`],
    ['run/.s.PGSQL.5432.lock', lines],
  ]) {
    await writeFile(path.join(directory, file), text, { mode: 0o600 });
    await chown(path.join(directory, file), uid, gid);
  }
  const postgres = await start(directory);
  assert.deepEqual(await ask(postgres, 'select 1 as one'), [{ one: 1 }]);
  assert.equal(bystander.exitCode, null);
});

test('a making of the cluster that was cut short is made anew', async (t) => {
  const directory = path.join(await makeDirectory(t), 'pg');
  await mkdir(path.join(directory, 'cluster.new/base'), { recursive: true });
  const postgres = await start(directory);
  assert.deepEqual(await ask(postgres, 'select 1 as one'), [{ one: 1 }]);
});

test('a long path has its socket in a short one', async (t) => {
  const directory = path.join(await makeDirectory(t), 'a-rather-long-name-'.repeat(6), 'pg');
  const postgres = await start(directory);
  assert.deepEqual(await ask(postgres, 'select 1 as one'), [{ one: 1 }]);
  assert.equal((await stat(postgres.connection.host)).mode & 0o077, 0);
  await postgres.close();
  await assert.rejects(stat(postgres.connection.host), { code: 'ENOENT' });
});

test('the log of the run before is kept, and no more', async (t) => {
  const directory = path.join(await makeDirectory(t), 'pg');
  for (const n of [1, 2, 3]) {
    const postgres = await start(directory);
    await assert.rejects(ask(postgres, `select nonsense_${n}`));
    await postgres.close();
  }
  assert.match(await readFile(path.join(directory, 'postgres.log'), 'utf8'), /nonsense_3/);
  const former = await readFile(path.join(directory, 'postgres.log.1'), 'utf8');
  assert.match(former, /nonsense_2/);
  assert.doesNotMatch(former, /nonsense_1/);
});

test('a failed start tells the end of the log', async (t) => {
  const directory = path.join(await makeDirectory(t), 'pg');
  await assert.rejects(start(directory, { work_mem: 'plenty' }), /did not start[^]*invalid value for parameter "work_mem"/);
});

test(
  'as root, in a data directory that is closed to others: its group is let through, others are not',
  { skip: needsRoot },
  async (t) => {
    const data = await makeDirectory(t);
    await chmod(data, 0o700);
    await start(path.join(data, 'pg'));
    assert.equal((await stat(data)).mode & 0o777, 0o710);
    assert.equal((await lstat(path.join(data, 'pg'))).isDirectory(), true);
  },
);

test('as root, under a directory that is closed: the data is elsewhere, with a link to it', { skip: needsRoot }, async (t) => {
  const closed = await makeDirectory(t);
  await chmod(closed, 0o700);
  const directory = path.join(closed, 'data/pg');
  const first = await start(directory);
  const elsewhere = await realpath(directory);
  t.after(() => rm(elsewhere, { recursive: true, force: true }));
  assert.match(elsewhere, /^\/var\/lib\/reprise\/postgres-/);
  await ask(first, 'create table kept (id integer)');
  await first.close();
  assert.equal((await stat(closed)).mode & 0o777, 0o700);

  const second = await start(directory);
  assert.deepEqual(await ask(second, 'select * from kept'), []);
  await second.close();
  await rm(elsewhere, { recursive: true });
  await assert.rejects(start(directory), /a link to a place that is gone/);
});

test('a server that stands still without a word is given up, and the query made again on a new connection', async (t) => {
  const { postgres } = await withPostgres(t);
  const database = await Database.open({ connection: { ...postgres.connection }, log, statementTimeoutMs: 1 });
  t.after(() => database.close());
  const { rows } = await database.query<{ pid: number }>('select pg_backend_pid() as pid');
  process.kill(rows[0].pid, 'SIGSTOP');
  try {
    const { rows: again } = await database.query<{ pid: number }>('select pg_backend_pid() as pid');
    assert.notEqual(again[0].pid, rows[0].pid);
  } finally {
    process.kill(rows[0].pid, 'SIGCONT');
  }
});
