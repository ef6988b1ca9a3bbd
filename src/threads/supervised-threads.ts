import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Logger } from '../log.ts';
import { findSharedPort } from '../shared-port.ts';

/** What every thread says once: where it listens, or why it can not. */
export type ListeningMessage =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'cannot_listen'; readonly message: string; readonly code: string | undefined };

/** What every thread is told at the end: it closes, and exits. */
export interface CloseMessage {
  readonly kind: 'close';
}

/** Our end of a thread. */
export interface ThreadLink<Message> {
  /** Takes what the thread says. Must not throw. */
  take(message: Message): void;
  /** The thread is gone, whatever it had; called once. Must not throw. */
  close(): void;
}

export interface SupervisedThreadsOptions<Message, Link extends ThreadLink<Message>> {
  readonly script: URL;
  /** For the log, and for the names of the threads: `delivery`. */
  readonly name: string;
  readonly count: number;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** What a thread begins with; `reusePort`: several listen on the port, and the kernel spreads the connections over them. */
  readonly data: (listen: { readonly host: string; readonly port: number; readonly reusePort: boolean }) => unknown;
  readonly link: (worker: Worker) => Link;
  readonly log: Logger;
}

/** A thread that has gone is replaced after this time, twice as long each time after, up to the longest. */
const FIRST_AGAIN_MS = 100;
const LONGEST_AGAIN_MS = 5000;
/** One that has lasted so long is replaced soon again. */
const LASTED_MS = 60_000;

interface Thread<Link> {
  readonly worker: Worker;
  readonly link: Link;
  readonly exited: Promise<void>;
  readonly began: number;
}

/** Threads that listen on one port: begun together, replaced when they fail, closed together. */
export class SupervisedThreads<Message, Link extends ThreadLink<Message>> {
  readonly #options: SupervisedThreadsOptions<Message, Link>;
  readonly #threads = new Set<Thread<Link>>();
  readonly #stop = new AbortController();
  #port = 0;
  #againMs = FIRST_AGAIN_MS;

  constructor(options: SupervisedThreadsOptions<Message, Link>) {
    this.#options = options;
  }

  get port(): number {
    return this.#port;
  }

  /** Those that listen, and those that are about to. */
  get links(): Link[] {
    return Array.from(this.#threads, ({ link }) => link);
  }

  /** Resolves when all listen; rejects when the address is taken. */
  async start(): Promise<void> {
    const { host, port, count } = this.#options;
    this.#port = count > 1 ? await findSharedPort(host, port) : port;
    for (let i = 0; i < count; i += 1) await this.#begin();
  }

  /** Tells all to close; ends those that have not done so within this time. Resolves when they are gone. */
  async close(withinMs: number): Promise<void> {
    this.#stop.abort();
    await Promise.all(
      Array.from(this.#threads, async ({ worker, exited }) => {
        worker.postMessage({ kind: 'close' } satisfies CloseMessage);
        const timer = setTimeout(() => void worker.terminate(), withinMs);
        await exited;
        clearTimeout(timer);
      }),
    );
  }

  /** Ends a thread as a fault would: another one takes its place. */
  async kill(): Promise<void> {
    const [thread] = this.#threads;
    await thread?.worker.terminate();
  }

  async #begin(): Promise<void> {
    const { script, name, count, host, data, link: makeLink, log } = this.#options;
    const workerData = data({ host, port: this.#port, reusePort: count > 1 });
    const worker = new Worker(script, { name, workerData });
    const link = makeLink(worker);
    const { promise: listening, resolve, reject } = Promise.withResolvers<number>();
    const exited = new Promise<void>((done) => worker.once('exit', () => done()));
    const thread: Thread<Link> = { worker, link, exited, began: performance.now() };
    this.#threads.add(thread);
    worker.on('message', (message: Message | ListeningMessage) => {
      const { kind } = message as ListeningMessage;
      if (kind === 'listening') resolve((message as ListeningMessage & { port: number }).port);
      else if (kind === 'cannot_listen') reject(listenError(message as ListeningMessage & { message: string }));
      else link.take(message as Message);
    });
    worker.on('error', (error) => log.error({ thread: name, err: error }, 'a thread failed'));
    void exited.then(() => {
      link.close();
      this.#threads.delete(thread);
      reject(new Error(`the ${name} thread ended before it listened`));
    });
    try {
      this.#port = await listening;
    } catch (error) {
      await worker.terminate();
      throw error;
    }
    if (this.#stop.signal.aborted) await worker.terminate();
    else void exited.then(() => this.#beginAgain(thread));
  }

  /** Who was connected comes back to the same port. */
  async #beginAgain({ began }: Thread<Link>): Promise<void> {
    const { name, log } = this.#options;
    const { signal } = this.#stop;
    if (performance.now() - began > LASTED_MS) this.#againMs = FIRST_AGAIN_MS;
    while (!signal.aborted) {
      log.warn({ thread: name, afterMs: this.#againMs }, 'a thread is gone: another one takes its place');
      await sleep(this.#againMs, undefined, { signal }).catch(() => undefined);
      this.#againMs = Math.min(2 * this.#againMs, LONGEST_AGAIN_MS);
      if (signal.aborted) return;
      try {
        return await this.#begin();
      } catch (error) {
        log.error({ thread: name, err: error }, 'a thread could not be begun');
      }
    }
  }
}

function listenError({ message, code }: { message: string; code?: string | undefined }): Error {
  return Object.assign(new Error(message), { code });
}
