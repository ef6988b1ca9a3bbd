import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import type { Logger } from '../log.ts';
import type { Database } from './database.ts';

const CHANNEL = 'reprise_directory';
/** Changes that come together are told together. */
const GATHER_MS = 200;
const AGAIN_MS = 1_000;
const CAP_MS = 5_000;
/** A connection that is dead without a word is found out by asking. */
const ASK_EVERY_MS = 30_000;
const ANSWER_WITHIN_MS = 10_000;

export interface DirectoryListenerOptions {
  readonly database: Database;
  readonly log: Logger;
  /** It listens now, for the first time or again: what was told before may have been missed. */
  readonly listening: () => Promise<void>;
  /** Videos that were changed, and whether their rows were deleted. When it rejects they are told again. */
  readonly changed: (videos: ReadonlyMap<string, boolean>) => Promise<void>;
}

/** Hears from PostgreSQL what was changed, whoever changed it; comes back by itself when the connection is lost. */
export class DirectoryListener {
  readonly #options: DirectoryListenerOptions;
  readonly #closing = new AbortController();
  #gathered = new Map<string, boolean>();
  #timer: NodeJS.Timeout | null = null;
  #telling: Promise<void> = Promise.resolve();
  #running: Promise<void> | null = null;

  constructor(options: DirectoryListenerOptions) {
    this.#options = options;
  }

  /** Begins to listen, once. */
  start(): void {
    if (!this.#closing.signal.aborted) this.#running ??= this.#run(this.#closing.signal);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
    await this.#telling;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { database, log } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      const listens = (): void => {
        if (failures > 0) log.info({ failures }, 'listening to the database again');
        failures = 0;
      };
      try {
        await database.withConnection((client) => this.#listen(client, signal, listens));
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        if (failures === 1)
          log.warn({ reason: (error as Error).message }, 'not listening to the database: changes made elsewhere wait');
        const delayMs = 50 + Math.random() * Math.min(CAP_MS - 50, 50 * 2 ** Math.min(failures, 20));
        await sleep(delayMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Resolves when the signal is aborted; rejects when the connection is lost. */
  async #listen(client: PoolClient, signal: AbortSignal, listens: () => void): Promise<void> {
    const { promise: over, resolve, reject } = Promise.withResolvers<void>();
    over.catch(() => undefined); // it may be lost before anyone waits for it
    const stop = (): void => resolve();
    signal.addEventListener('abort', stop);
    client.on('error', reject);
    client.on('end', () => reject(new Error('the connection ended')));
    client.on('notification', ({ payload }) => this.#hear(payload ?? ''));
    let late: NodeJS.Timeout | null = null;
    const ask = async (): Promise<void> => {
      if (late !== null) return; // the one before is not answered yet
      late = setTimeout(() => reject(new Error('the connection is silent')), ANSWER_WITHIN_MS);
      await client.query('select 1');
      clearTimeout(late);
      late = null;
    };
    const asking = setInterval(() => void ask().catch(reject), ASK_EVERY_MS);
    try {
      await Promise.race([client.query(`listen ${CHANNEL}`), over]);
      await Promise.race([this.#options.listening(), over]);
      listens();
      await over;
    } finally {
      clearInterval(asking);
      if (late !== null) clearTimeout(late);
      signal.removeEventListener('abort', stop);
    }
  }

  #hear(payload: string): void {
    const deleted = payload.startsWith('-');
    const videoUuid = deleted ? payload.slice(1) : payload;
    this.#gathered.set(videoUuid, deleted || this.#gathered.get(videoUuid) === true);
    this.#tellIn(GATHER_MS);
  }

  #tellIn(delayMs: number): void {
    if (this.#closing.signal.aborted) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#telling = this.#telling.then(() => this.#tell());
    }, delayMs);
  }

  async #tell(): Promise<void> {
    const videos = this.#gathered;
    this.#gathered = new Map();
    if (videos.size === 0) return;
    try {
      await this.#options.changed(videos);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#options.log.warn(
        { reason: (error as Error).message, videos: videos.size },
        'changes made elsewhere could not be read; tried again',
      );
      for (const [videoUuid, deleted] of videos) this.#gathered.set(videoUuid, deleted || this.#gathered.get(videoUuid) === true);
      this.#tellIn(AGAIN_MS);
    }
  }
}
