import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { chown, mkdir, mkdtemp, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { bareEnvironment, runAs } from './embedded/account.ts';
import { findBinaries } from './embedded/binaries.ts';
import { prepareHome, ROOT_STATE_DIRECTORY } from './embedded/home.ts';
import { adopt, isPostmasterOf, readPidFile, stopPostmaster } from './embedded/postmaster.ts';
import { SERVER_SETTINGS } from './embedded/settings.ts';
import type { Account } from './embedded/account.ts';
import type { Binaries } from './embedded/binaries.ts';
import type { Postmaster } from './embedded/postmaster.ts';
import type { Logger } from '../log.ts';

/** Where and how the embedded server runs. */
export interface EmbeddedPostgresOptions {
  /** Absolute directory of its own, such as `<data>/postgres`; made when missing. */
  readonly directory: string;
  readonly log: Logger;
  /** Added to {@link SERVER_SETTINGS}, such as `{ fsync: 'off' }` in tests. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** How to connect, as `pg` takes it. */
export interface EmbeddedConnection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

const NAME = 'reprise';
const PORT = 5432;
const LOG_LIMIT_BYTES = 16 * 1024 * 1024;
const READY_WITHIN_MS = 120_000; // crash recovery reads at most max_wal_size
/** sun_path holds 107 bytes on Linux and 103 on macOS; the socket's own name takes 15. */
const SOCKET_DIRECTORY_LIMIT_BYTES = 85;

/**
 * PostgreSQL in the data directory, on a Unix socket that only this user can reach. `start()` makes the cluster, adopts a server that an
 * earlier run left behind, and waits until it answers; from then on it is started again whenever it dies, until `close()`.
 */
export class EmbeddedPostgres {
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const log = options.log.child({ room: 'database' });
    const { directory, account } = await prepareHome(options.directory, log);
    const copies = account === null ? directory : ROOT_STATE_DIRECTORY;
    if (account !== null) await mkdir(copies, { recursive: true, mode: 0o755 });
    const binaries = await findBinaries(account, copies, log);
    const socketDirectory = await makeSocketDirectory(directory, account);
    const server = new EmbeddedPostgres(directory, account, binaries, socketDirectory, options.settings ?? {}, log);
    await server.#begin();
    return server;
  }

  readonly connection: EmbeddedConnection;
  readonly logFile: string;
  readonly #cluster: string;
  readonly #directory: string;
  readonly #account: Account | null;
  readonly #binaries: Binaries;
  readonly #args: readonly string[];
  readonly #log: Logger;
  readonly #closing = new AbortController();
  #postmaster: Postmaster | null = null;
  #supervision: Promise<void> = Promise.resolve();

  private constructor(
    directory: string,
    account: Account | null,
    binaries: Binaries,
    socketDirectory: string,
    settings: Readonly<Record<string, string>>,
    log: Logger,
  ) {
    this.#directory = directory;
    this.#account = account;
    this.#binaries = binaries;
    this.#log = log;
    this.#cluster = path.join(directory, 'cluster');
    this.logFile = path.join(directory, 'postgres.log');
    this.connection = { host: socketDirectory, port: PORT, user: NAME, database: NAME };
    const all = { ...SERVER_SETTINGS, unix_socket_directories: socketDirectory, ...settings };
    this.#args = ['-D', this.#cluster, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  }

  /** Process id of the server, or null while it is down. */
  get pid(): number | null {
    return this.#postmaster?.pid ?? null;
  }

  async #begin(): Promise<void> {
    const began = performance.now();
    await this.#makeCluster();
    this.#postmaster = await this.#launch(true);
    await this.#makeDatabase();
    this.#log.info(
      { version: this.#binaries.version, directory: this.#directory, tookMs: Math.round(performance.now() - began) },
      'PostgreSQL is ready',
    );
    this.#supervision = this.#supervise();
  }

  /** Stops the server and its supervision; resolves when it is down. */
  async close(): Promise<void> {
    this.#closing.abort();
    const postmaster = this.#postmaster;
    if (postmaster !== null) await stopPostmaster(postmaster);
    await this.#supervision;
    if (!this.connection.host.startsWith(this.#directory)) await rm(this.connection.host, { recursive: true, force: true });
  }

  async #makeCluster(): Promise<void> {
    if (await exists(path.join(this.#cluster, 'PG_VERSION'))) return;
    // Made beside and renamed, so that a cluster is either whole or absent.
    const fresh = `${this.#cluster}.new`;
    await rm(fresh, { recursive: true, force: true });
    this.#log.info({ directory: this.#directory }, 'Making the database (first start)');
    const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']; // needs nothing of the machine
    const rest = ['-D', fresh, '-U', NAME, '--auth-local=trust', '--auth-host=reject', '--no-instructions'];
    const { code, output } = await runAs(this.#account, this.#binaries.initdb, [...locale, ...rest]);
    if (code !== 0) throw new Error(`initdb failed: ${output.trim()}`);
    await rename(fresh, this.#cluster);
  }

  /** A server that answers: the one that runs already, if it runs as we would run it, or a new one. */
  async #launch(first: boolean): Promise<Postmaster> {
    const manifest = path.join(this.#directory, 'started-with.json');
    const command = JSON.stringify([this.#binaries.version, this.#binaries.postgres, ...this.#args]);
    const pidFile = await readPidFile(this.#cluster);
    if (pidFile !== null && (await isPostmasterOf(this.#cluster, pidFile.pid))) {
      const running = adopt(this.#cluster, pidFile.pid);
      if ((await readFile(manifest, 'utf8').catch(() => '')) === command) {
        this.#log.info({ pid: running.pid }, 'PostgreSQL of an earlier run is still there: adopted');
        await this.#untilReady(running);
        return running;
      }
      this.#log.info({ pid: running.pid }, 'PostgreSQL of an earlier run has other settings: restarting it');
      await stopPostmaster(running);
    }
    await this.#removeLocks();
    await writeFile(manifest, command);
    const size = await stat(this.logFile)
      .then((it) => it.size)
      .catch(() => 0);
    if (size > (first ? 0 : LOG_LIMIT_BYTES)) await rename(this.logFile, `${this.logFile}.1`);
    const postmaster = await this.#spawn();
    try {
      await this.#untilReady(postmaster);
    } catch (error) {
      await stopPostmaster(postmaster);
      throw error;
    }
    return postmaster;
  }

  /**
   * Of a server that is gone. PostgreSQL would not start beside them when their process number belongs to somebody else now, as after a
   * reboot or in a new container, or to a dead process that its parent has not noticed yet.
   */
  async #removeLocks(): Promise<void> {
    const socket = path.join(this.connection.host, `.s.PGSQL.${PORT}`);
    for (const file of [path.join(this.#cluster, 'postmaster.pid'), `${socket}.lock`, socket]) await rm(file, { force: true });
  }

  async #spawn(): Promise<Postmaster> {
    const log = await open(
      this.logFile,
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW,
      0o600,
    );
    try {
      // Its own process group: Ctrl-C in a terminal must reach us first.
      const stdio = ['ignore', log.fd, log.fd] as const;
      const options = { cwd: '/', detached: true, env: bareEnvironment(), ...this.#account };
      const child = spawn(this.#binaries.postgres, this.#args, { ...options, stdio: [...stdio] });
      const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      await once(child, 'spawn');
      return { pid: child.pid as number, exited };
    } finally {
      await log.close();
    }
  }

  async #untilReady(postmaster: Postmaster): Promise<void> {
    let running = true;
    void postmaster.exited.then(() => (running = false));
    const deadline = performance.now() + READY_WITHIN_MS;
    let last: unknown = new Error('it has not begun to answer');
    while (performance.now() < deadline && running && !this.#closing.signal.aborted) {
      const pidFile = await readPidFile(this.#cluster);
      if (pidFile?.pid === postmaster.pid && pidFile.ready) {
        try {
          await this.#ask('select 1');
          return;
        } catch (error) {
          last = error;
        }
      }
      await sleep(10);
    }
    throw new Error(`PostgreSQL did not start. The end of ${this.logFile}:\n${await this.#logTail()}`, { cause: last });
  }

  async #makeDatabase(): Promise<void> {
    const rows = await this.#ask(`select 1 from pg_database where datname = '${NAME}'`);
    if (rows.length === 0) await this.#ask(`create database ${NAME}`);
  }

  async #ask(text: string): Promise<unknown[]> {
    const client = new pg.Client({ ...this.connection, database: 'postgres', connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined); // the awaited calls tell
    try {
      await client.connect();
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async #supervise(): Promise<void> {
    const { signal } = this.#closing;
    let failures = 0;
    let startedAt = performance.now();
    while (this.#postmaster !== null) {
      await this.#postmaster.exited;
      this.#postmaster = null;
      if (signal.aborted) return;
      failures = performance.now() - startedAt > 30_000 ? 0 : failures + 1;
      this.#log.error({ logTail: await this.#logTail() }, 'PostgreSQL has died: starting it again');
      while (this.#postmaster === null && !signal.aborted) {
        if (failures > 1)
          await sleep(Math.min(5_000, 50 * 2 ** failures) * (0.5 + Math.random() / 2), undefined, { signal }).catch(
            () => undefined,
          );
        if (signal.aborted) return;
        try {
          this.#postmaster = await this.#launch(false);
          this.#log.info({ pid: this.pid }, 'PostgreSQL is back');
          if (signal.aborted) await stopPostmaster(this.#postmaster);
        } catch (error) {
          if (signal.aborted) return;
          failures += 1;
          this.#log.error({ err: error, failures }, 'PostgreSQL cannot be started; trying again');
        }
      }
      startedAt = performance.now();
    }
  }

  async #logTail(): Promise<string> {
    const text = await readFile(this.logFile, 'utf8').catch(() => '');
    return text.slice(-1_500).trim();
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

async function makeSocketDirectory(home: string, account: Account | null): Promise<string> {
  const inside = path.join(home, 'run');
  if (Buffer.byteLength(inside) <= SOCKET_DIRECTORY_LIMIT_BYTES) {
    await mkdir(inside, { recursive: true, mode: 0o700 });
    if (account !== null) await chown(inside, account.uid, account.gid);
    return inside;
  }
  const short = await mkdtemp(path.join(tmpdir().length < 40 ? tmpdir() : '/tmp', 'reprise-'));
  if (account !== null) await chown(short, account.uid, account.gid);
  return short;
}
