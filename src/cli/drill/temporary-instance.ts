import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import packageJson from '../../../package.json' with { type: 'json' };
import { EmbeddedPostgres } from '../../database/embedded-postgres.ts';
import { createLog } from '../../log.ts';
import { killTree } from './kill-tree.ts';

const MAIN = join(import.meta.dirname, '../../main.ts');
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 12_000;
const WARNING = 40;
const COMPLAINTS_TOLD = 20;

export interface TemporaryInstanceOptions {
  /** True: PostgreSQL is not the server's own but ours, so that it can be stopped. */
  readonly ownDatabase: boolean;
  /** PATH and HOME of the server. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Settings of the server, as its environment has them. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The parent of the data directory. */
  readonly parent?: string;
}

/** Thrown when the server does not start: that is something which a drill finds out. */
export class NotStarted extends Error {
  override readonly name = 'NotStarted';
}

/** A server in a process of its own, on free ports and with a data directory that is removed in the end. */
export class TemporaryInstance {
  readonly user = 'root';
  readonly password = crypto.randomUUID();
  /** Lines of the server's log that warn or tell of an error. */
  readonly complaints: string[] = [];
  readonly directory: string;
  httpPort = 0;
  rtmpPort = 0;
  readonly #options: TemporaryInstanceOptions;
  #child: ChildProcess | null = null;
  #database: EmbeddedPostgres | null = null;

  static async create(options: TemporaryInstanceOptions): Promise<TemporaryInstance> {
    const directory = await mkdtemp(join(options.parent ?? tmpdir(), 'reprise-drill-'));
    const instance = new TemporaryInstance(directory, options);
    try {
      if (options.ownDatabase) await instance.startDatabase();
      await instance.start();
      return instance;
    } catch (error) {
      await instance.remove();
      throw error;
    }
  }

  private constructor(directory: string, options: TemporaryInstanceOptions) {
    this.directory = directory;
    this.#options = options;
  }

  get url(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  get rtmpUrl(): string {
    return `rtmp://127.0.0.1:${this.rtmpPort}/live`;
  }

  /** Starts the server (again), on the ports that it had before. */
  async start(): Promise<void> {
    // A process group of its own: Ctrl-C is for us.
    const child = spawn(process.execPath, [...packageJson.serverFlags, MAIN], {
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child = child;
    createInterface(child.stderr).on('line', (line) => this.#read(line));
    const said: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new NotStarted(`the server was not ready within ${READY_WITHIN_MS / 1000} s`)),
        READY_WITHIN_MS,
      );
      createInterface(child.stdout).on('line', (line) => {
        said.push(line);
        if (line.includes(' is ready')) done(resolve);
      });
      const ended = (): void =>
        done(() => reject(new NotStarted(`the server did not start:\n${this.complaints.slice(-COMPLAINTS_TOLD).join('\n')}`)));
      const done = (settle: () => void): void => {
        clearTimeout(timer);
        child.off('close', ended);
        settle();
      };
      // not exit: what it said last is to be read first
      child.once('close', ended);
    });
    this.httpPort = Number(/Watch +http:\/\/[^:]+:(\d+)/.exec(said.join('\n'))?.[1]);
    this.rtmpPort = Number(/Publish +rtmp:\/\/[^:]+:(\d+)/.exec(said.join('\n'))?.[1]);
  }

  /** SIGTERM, and SIGKILL when it takes too long; gives whether it ended in order. */
  async stop(): Promise<boolean> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return true;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await once(child, 'exit');
    clearTimeout(timer);
    return child.exitCode === 0;
  }

  /** SIGKILL: nothing is closed, flushed or said. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** The server and its PostgreSQL are dead in this moment, whatever they were at. */
  async killAll(): Promise<void> {
    const pidFile = join(this.#databaseDirectory, 'cluster/postmaster.pid');
    const [postmaster] = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n').map(Number);
    const child = this.#child;
    // Its process group is what it started and did not detach.
    if (child?.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    if (postmaster > 1) await killTree(postmaster);
    await this.kill();
  }

  async startDatabase(): Promise<void> {
    this.#database = await EmbeddedPostgres.start({ directory: this.#databaseDirectory, log: createLog('silent') });
  }

  async stopDatabase(): Promise<void> {
    await this.#database?.close();
    this.#database = null;
  }

  /** Ends everything, and removes what is on disk; idempotent. */
  async remove(): Promise<void> {
    await this.stop();
    // A server that was killed leaves its PostgreSQL behind.
    if (this.#database === null && existsSync(join(this.#databaseDirectory, 'cluster/postmaster.pid')))
      await this.startDatabase();
    await this.stopDatabase();
    // As root it may be a link to where PostgreSQL's user can reach it.
    const elsewhere = await realpath(this.#databaseDirectory).catch(() => this.#databaseDirectory);
    for (const directory of [elsewhere, this.directory]) await rm(directory, { recursive: true, force: true });
  }

  get #databaseDirectory(): string {
    return join(this.directory, 'postgres');
  }

  #environment(): NodeJS.ProcessEnv {
    const connection = this.#database?.connection;
    return {
      PATH: this.#options.env.PATH,
      HOME: this.#options.env.HOME,
      REPRISE_DATA_DIR: this.directory,
      REPRISE_HTTP_HOST: '127.0.0.1',
      REPRISE_RTMP_HOST: '127.0.0.1',
      REPRISE_HTTP_PORT: String(this.httpPort),
      REPRISE_RTMP_PORT: String(this.rtmpPort),
      REPRISE_ROOT_PASSWORD: this.password,
      ...(connection === undefined
        ? {}
        : {
            REPRISE_DATABASE_URL: `postgres://${connection.user}@localhost/${connection.database}?host=${encodeURIComponent(connection.host)}`,
          }),
      ...this.#threads(),
      ...this.#options.settings,
    };
  }

  /** Its threads are those of who runs it: what is drilled is the server as it is run. */
  #threads(): NodeJS.ProcessEnv {
    const { REPRISE_INGEST_THREADS, REPRISE_DELIVERY_THREADS } = this.#options.env;
    return {
      ...(REPRISE_INGEST_THREADS === undefined ? {} : { REPRISE_INGEST_THREADS }),
      ...(REPRISE_DELIVERY_THREADS === undefined ? {} : { REPRISE_DELIVERY_THREADS }),
    };
  }

  #read(line: string): void {
    try {
      const { level } = JSON.parse(line) as { level?: unknown };
      if (typeof level === 'number' && level < WARNING) return;
    } catch {
      // not a line of the log: something worse
    }
    this.complaints.push(line);
  }
}
