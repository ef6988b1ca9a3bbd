import { after } from 'node:test';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Database } from '../../src/database/database.ts';
import { EmbeddedPostgres } from '../../src/database/embedded-postgres.ts';
import { migrate } from '../../src/database/migrate.ts';
import { createLog } from '../../src/log.ts';
import type { TestContext } from 'node:test';

const PREFIX = 'reprise-test-pg-';
/** Losing power in the middle of a test is no case; everything else is as in production. */
const SETTINGS = { fsync: 'off', full_page_writes: 'off' };

let server: Promise<EmbeddedPostgres> | null = null;
let made = 0;

/** A migrated, empty database of its own for the test; the server is started once per test process and removed with it. */
export async function withDatabase(t: TestContext, options: { maxConnections?: number } = {}): Promise<Database> {
  const connection = await cloneDatabase();
  const database = await Database.open({ connection, log: createLog('silent'), ...options });
  t.after(() => database.close());
  return database;
}

/** As {@link withDatabase}, for tests that open the database themselves. */
export async function cloneDatabase(): Promise<{ host: string; port: number; user: string; database: string }> {
  server ??= startTemplate();
  const { connection } = await server;
  const name = `test_${++made}`;
  await asAdmin(connection, `create database ${name} template reprise`);
  return { ...connection, database: name };
}

/** A server of the test's own, to be stopped, killed and started again (`start`); closed and removed after the test. */
export async function withPostgres(
  t: TestContext,
): Promise<{ postgres: EmbeddedPostgres; start: () => Promise<EmbeddedPostgres> }> {
  const directory = await makeDirectory();
  const started: EmbeddedPostgres[] = [];
  const start = async (): Promise<EmbeddedPostgres> => {
    const log = createLog('silent');
    const postgres = await EmbeddedPostgres.start({ directory: path.join(directory, 'pg'), log, settings: SETTINGS });
    started.push(postgres);
    return postgres;
  };
  t.after(async () => {
    await Promise.all(started.map((postgres) => postgres.close()));
    await rm(directory, { recursive: true, force: true });
  });
  return { postgres: await start(), start };
}

/** Lines of the shared server's log that tell of a failure. */
export async function postgresErrors(postgres?: EmbeddedPostgres): Promise<string[]> {
  const { logFile } = postgres ?? (await (server ??= startTemplate()));
  return (await readFile(logFile, 'utf8')).split('\n').filter((line) => / (ERROR|FATAL|PANIC):/.test(line));
}

async function startTemplate(): Promise<EmbeddedPostgres> {
  await sweep();
  const directory = await makeDirectory();
  const log = createLog('silent');
  const postgres = await EmbeddedPostgres.start({ directory: path.join(directory, 'pg'), log, settings: SETTINGS });
  stop = async () => {
    await postgres.close();
    await rm(directory, { recursive: true, force: true });
  };
  const template = await Database.open({ connection: { ...postgres.connection }, log });
  await migrate(template);
  await template.close();
  return postgres;
}

let stop: () => Promise<void> = async () => {};
after(() => stop());

async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), `${PREFIX}${process.pid}-`));
  await chmod(directory, 0o755);
  return directory;
}

async function asAdmin(connection: object, text: string): Promise<void> {
  const admin = await Database.open({
    connection: { ...connection, database: 'postgres' },
    log: createLog('silent'),
    maxConnections: 1,
  });
  try {
    await admin.query(text);
  } finally {
    await admin.close();
  }
}

/** Servers of test processes that were killed. */
async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = Number(name.startsWith(PREFIX) ? name.slice(PREFIX.length).split('-')[0] : Number.NaN);
    if (Number.isNaN(owner) || isAlive(owner)) continue;
    const directory = path.join(tmpdir(), name);
    const pidFile = await readFile(path.join(directory, 'pg/cluster/postmaster.pid'), 'utf8').catch(() => '');
    const [pid, cluster] = pidFile.split('\n');
    if (cluster?.startsWith(directory) && isAlive(Number(pid))) process.kill(Number(pid), 'SIGQUIT');
    await rm(directory, { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
