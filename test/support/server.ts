import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isPostmasterOf, readPidFile } from '../../src/database/embedded/postmaster.ts';
import { Program } from './processes.ts';
import { until } from './until.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 10_000;

/** Data directories of servers that are not removed yet. */
const present = new Set<string>();

// A test process that is ended from outside leaves no PostgreSQL behind: its server, which is killed then, cannot stop it.
process.on('exit', () => {
  for (const directory of present) endPostmaster(directory);
});

/** A line of the server's log. */
export interface LogLine {
  readonly level: number;
  readonly time: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** The real server in a process of its own, as `npm start` runs it, on a data directory of its own. Everything goes with the test. */
export class Server {
  readonly dataDirectory: string;
  /** What the user root signs in with. */
  readonly password = 'correct horse';
  /** All lines of all runs. */
  readonly log: LogLine[] = [];
  httpPort = 0;
  rtmpPort = 0;
  readonly #settings: Readonly<Record<string, string>>;
  #program: Program | null = null;

  /** Starts a server; `settings` are those of its environment without REPRISE_, such as `{ RECONNECT_WINDOW_MS: '0' }`. */
  static async start(t: TestContext, settings: Readonly<Record<string, string>> = {}): Promise<Server> {
    const server = new Server(await mkdtemp(join(tmpdir(), 'reprise-e2e-')), settings);
    t.after(() => server.#remove(t));
    await server.start();
    return server;
  }

  private constructor(dataDirectory: string, settings: Readonly<Record<string, string>>) {
    this.dataDirectory = dataDirectory;
    present.add(dataDirectory);
    this.#settings = settings;
  }

  get url(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  rtmpUrl(streamKey: string): string {
    return `rtmp://127.0.0.1:${this.rtmpPort}/live/${streamKey}`;
  }

  get pid(): number {
    return this.#program?.child.pid ?? -1;
  }

  /** Starts it (again), on the ports it had before, and waits until it says that it is ready; gives how long that took. */
  async start(): Promise<number> {
    const began = performance.now();
    const out: string[] = [];
    const env = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      REPRISE_DATA_DIR: this.dataDirectory,
      REPRISE_HTTP_HOST: '127.0.0.1',
      REPRISE_RTMP_HOST: '127.0.0.1',
      REPRISE_HTTP_PORT: String(this.httpPort),
      REPRISE_RTMP_PORT: String(this.rtmpPort),
      REPRISE_ROOT_PASSWORD: this.password,
      ...Object.fromEntries(Object.entries(this.#settings).map(([name, value]) => [`REPRISE_${name}`, value])),
    };
    const program = new Program(process.execPath, [MAIN], {
      env,
      onOut: (line) => out.push(line),
      onError: (line) => this.log.push(parseLine(line)),
    });
    this.#program = program;
    await until('the server is ready', () => !program.running || out.some((line) => line.includes(' is ready')), {
      withinMs: READY_WITHIN_MS,
    });
    assert.ok(program.running, `the server ended before it was ready:\n${this.tail()}`);
    const said = out.join('\n');
    this.httpPort = Number(/Watch +http:\/\/[^:]+:(\d+)/.exec(said)?.[1]);
    this.rtmpPort = Number(/Publish +rtmp:\/\/[^:]+:(\d+)/.exec(said)?.[1]);
    return performance.now() - began;
  }

  /** SIGTERM; the server must end by itself, in order and in time. */
  async stop(): Promise<void> {
    const ended = await this.#program?.end('SIGTERM', STOP_WITHIN_MS);
    this.#program = null;
    assert.deepEqual(ended, { code: 0, signal: null }, `the server closes in order:\n${this.tail()}`);
  }

  /** SIGKILL: nothing is closed, flushed or said. */
  async kill9(): Promise<void> {
    await this.#program?.end('SIGKILL');
    this.#program = null;
  }

  /** Lines with this message. */
  said(msg: string): LogLine[] {
    return this.log.filter((line) => line.msg === msg);
  }

  /** Waits for a line of the log. */
  saying(what: string, fits: (line: LogLine) => boolean, withinMs = 10_000): Promise<LogLine> {
    return until(`the log tells: ${what}`, () => this.log.find(fits), { withinMs });
  }

  /** Lines of PostgreSQL's log, since the first start, that tell of a failure. */
  async databaseErrors(): Promise<string[]> {
    const log = await readFile(join(this.dataDirectory, 'postgres/postgres.log'), 'utf8');
    return log.split('\n').filter((line) => / (ERROR|FATAL|PANIC):/.test(line));
  }

  /** Memory of the process that is in RAM. */
  async residentBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }

  tail(lines = 30): string {
    return this.log
      .slice(-lines)
      .map((line) => JSON.stringify(line))
      .join('\n');
  }

  async #remove(t: TestContext): Promise<void> {
    // Node 24 has it, its types not yet.
    if ((t as TestContext & { passed?: boolean }).passed !== true) t.diagnostic(`the end of the server's log:\n${this.tail()}`);
    try {
      if (this.#program !== null) await this.stop();
    } finally {
      await this.#endDatabase();
      await rm(this.dataDirectory, { recursive: true, force: true });
      present.delete(this.dataDirectory);
    }
  }

  /** A server that was killed leaves its PostgreSQL behind. */
  async #endDatabase(): Promise<void> {
    const cluster = join(this.dataDirectory, 'postgres/cluster');
    const pid = (await readPidFile(cluster))?.pid;
    if (pid === undefined || !(await isPostmasterOf(cluster, pid))) return;
    process.kill(pid, 'SIGQUIT');
    await until('PostgreSQL is gone', async () => !(await isPostmasterOf(cluster, pid)));
  }
}

function endPostmaster(dataDirectory: string): void {
  const cluster = join(dataDirectory, 'postgres/cluster');
  try {
    const pid = Number.parseInt(readFileSync(join(cluster, 'postmaster.pid'), 'utf8'), 10);
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(cluster)) process.kill(pid, 'SIGQUIT');
  } catch {
    // gone already
  }
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { level: 100, time: '', msg: line };
  }
}
