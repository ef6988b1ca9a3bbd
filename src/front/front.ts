import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Rights } from '../delivery/delivery.ts';
import type { Application } from '../http/application.ts';
import type { Lives } from '../lives/lives.ts';
import type { Logger } from '../log.ts';
import { FrontLink } from './front-link.ts';
import type { FrontData, FromThread, ToThread } from './messages.ts';
import type { PlayerCounts, PlayerDoor } from './player-door.ts';

export interface FrontOptions {
  readonly host: string;
  /** 0: any free port, see `port`. */
  readonly port: number;
  readonly threads: number;
  readonly lives: Lives;
  readonly log: Logger;
  readonly logLevel: string;
  readonly mayWatch: (authorization: string | undefined, rights: Rights) => Promise<boolean>;
}

/** A thread that has gone is replaced after this time, twice as long each time after, up to the longest. */
const FIRST_AGAIN_MS = 100;
const LONGEST_AGAIN_MS = 5000;
/** One that has lasted so long is replaced soon again. */
const LASTED_MS = 60_000;
/** Threads are asked so often whether they are there. */
const BEAT_MS = 2000;
/** A thread is ended when it has not closed by itself in this time. */
const CLOSE_WITHIN_MS = 2500;
const NOTHING: PlayerCounts = {
  requests: { playlist: 0, part: 0, segment: 0, replay: 0, refused: 0 },
  failures: 0,
  waiting: 0,
  connections: 0,
  sentBytes: 0,
};

interface Thread {
  readonly worker: Worker;
  readonly link: FrontLink;
  readonly exited: Promise<unknown>;
  readonly began: number;
}

/** The HTTP port on threads of its own: players are answered whatever the others do, and the others whatever players do. */
export class Front implements PlayerDoor {
  readonly #options: FrontOptions;
  readonly #epoch = Date.now().toString(36);
  readonly #threads = new Set<Thread>();
  /** What threads counted that are gone. */
  #past = NOTHING;
  #application: Application | null = null;
  #port = 0;
  #againMs = FIRST_AGAIN_MS;
  #closing: Promise<void> | null = null;
  readonly #stop = new AbortController();

  constructor(options: FrontOptions) {
    this.#options = options;
  }

  get port(): number {
    return this.#port;
  }

  /** Threads that there are. */
  get threadCount(): number {
    return this.#threads.size;
  }

  async start(): Promise<void> {
    const { port, host, threads } = this.#options;
    this.#port = port;
    if (threads > 1) this.#port = await findPort(host, port);
    for (let i = 0; i < threads; i += 1) await this.#begin();
  }

  serve(application: Application): void {
    this.#application = application;
  }

  changed(videoUuid: string): void {
    for (const { link } of this.#threads) link.changed(videoUuid);
  }

  async counts(): Promise<PlayerCounts> {
    await Promise.all(Array.from(this.#threads, ({ link }) => link.counts()));
    return Array.from(this.#threads, ({ link }) => link.counted).reduce(sum, this.#past);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Ends a thread as a fault would: another one takes its place. */
  async kill(): Promise<void> {
    const [thread] = this.#threads;
    await thread?.worker.terminate();
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(
      Array.from(this.#threads, async ({ worker, exited }) => {
        worker.postMessage({ kind: 'close' } satisfies ToThread);
        const timer = setTimeout(() => void worker.terminate(), CLOSE_WITHIN_MS);
        await exited;
        clearTimeout(timer);
      }),
    );
  }

  /** Begins a thread; resolves when it listens, and rejects when it can not. */
  async #begin(): Promise<void> {
    const { host, threads, lives, log, logLevel, mayWatch } = this.#options;
    const { recordings } = lives;
    const workerData: FrontData = { host, port: this.#port, reusePort: threads > 1, recordings, epoch: this.#epoch, logLevel };
    const worker = new Worker(new URL('./front-worker.ts', import.meta.url), { name: 'delivery', workerData });
    const link = new FrontLink(worker, { lives, log, mayWatch, application: () => this.#application });
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    const thread: Thread = { worker, link, exited, began: performance.now() };
    this.#threads.add(thread);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    worker.on('message', (message: FromThread) => {
      if (message.kind === 'listening') resolve(message.port);
      else if (message.kind === 'cannot_listen') reject(Object.assign(new Error(message.message), { code: message.code }));
      else link.take(message);
    });
    worker.on('error', (error) => log.error({ err: error }, 'a delivery thread failed'));
    worker.once('exit', () => {
      link.close();
      this.#threads.delete(thread);
      this.#past = sum(this.#past, { ...link.counted, waiting: 0, connections: 0 });
      reject(new Error('the delivery thread ended before it listened'));
    });
    try {
      this.#port = await promise;
    } catch (error) {
      await worker.terminate();
      throw error;
    }
    if (this.#closing !== null) await worker.terminate();
    const beat = setInterval(() => void link.beat(), BEAT_MS).unref();
    worker.once('exit', () => {
      clearInterval(beat);
      if (this.#closing === null) void this.#beginAgain(thread);
    });
  }

  /** Players come back to the same port, and find the same playlists. */
  async #beginAgain({ began }: Thread): Promise<void> {
    const { log } = this.#options;
    if (performance.now() - began > LASTED_MS) this.#againMs = FIRST_AGAIN_MS;
    for (let first = true; this.#closing === null; first = false) {
      log.warn({ afterMs: this.#againMs, first }, 'a delivery thread is gone: another one takes its place');
      await sleep(this.#againMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      this.#againMs = Math.min(2 * this.#againMs, LONGEST_AGAIN_MS);
      if (this.#closing !== null) return;
      try {
        return await this.#begin();
      } catch (error) {
        log.error({ err: error }, 'a delivery thread could not be begun');
      }
    }
  }
}

/** A port that all threads listen on is tried alone first: sharing it would hide that somebody else has it. */
async function findPort(host: string, port: number): Promise<number> {
  const server = createServer().listen({ host, port });
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' ? (address?.port ?? port) : port;
}

function sum(a: PlayerCounts, b: PlayerCounts): PlayerCounts {
  const requests = { ...a.requests };
  for (const kind of Object.keys(requests) as (keyof typeof requests)[]) requests[kind] += b.requests[kind];
  return {
    requests,
    failures: a.failures + b.failures,
    waiting: a.waiting + b.waiting,
    connections: a.connections + b.connections,
    sentBytes: a.sentBytes + b.sentBytes,
  };
}
