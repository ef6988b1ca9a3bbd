import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../log.ts';
import { Database } from './database.ts';
import { EmbeddedPostgres } from './embedded-postgres.ts';
import { migrate } from './migrate.ts';
import { failureKind } from './transaction.ts';

const LEAST_MS = 100;
const CAP_MS = 5_000;
const PASSING_CODES = new Set(['ENOTFOUND', 'ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM']);
/** In what the embedded server said before it ended. */
const PASSING_WORDS =
  /no space left on device|disk quota exceeded|cannot allocate memory|too many open files|resource temporarily unavailable/i;

export interface DatabaseSourceOptions {
  /** Null: the embedded one. */
  readonly databaseUrl: string | null;
  /** Of the embedded one. */
  readonly directory: string;
  readonly log: Logger;
  /** What is to be there, besides tables, before anyone asks. May be run again. */
  readonly prepare: (database: Database) => Promise<void>;
}

/** True when it may be another time: the server is away, or what it needs is short. A wrong password, or no right to a file, stays. */
export function mayPass(error: unknown): boolean {
  if (failureKind(error) !== 'other') return true;
  const { code, message } = error as NodeJS.ErrnoException;
  return PASSING_CODES.has(code ?? '') || PASSING_WORDS.test(message);
}

/** Finds the database and brings it to this version: at the start, or at some time after it. */
export class DatabaseSource {
  /** Away until it is found. */
  readonly database = Database.awaited();
  readonly #options: DatabaseSourceOptions;
  readonly #closing = new AbortController();
  #postgres: EmbeddedPostgres | null = null;
  #starting: Promise<unknown> = Promise.resolve();
  #candidate: Database | null = null;

  constructor(options: DatabaseSourceOptions) {
    this.#options = options;
  }

  /** The embedded server's log file, or null. */
  get logFile(): string | null {
    return this.#postgres?.logFile ?? null;
  }

  /** Looks once; a server that does not answer is waited for so long. */
  async find(connectWithinMs: number): Promise<void> {
    const { databaseUrl, log, prepare } = this.#options;
    const connection = databaseUrl ?? (await this.#startEmbedded());
    const found = await Database.open({ connection, log, connectWithinMs });
    this.#candidate = found;
    try {
      await migrate(found);
      await prepare(found);
      this.#closing.signal.throwIfAborted();
      this.database.become(found);
    } catch (error) {
      await found.close();
      throw error;
    } finally {
      this.#candidate = null;
    }
  }

  /** Looks until it is found, whatever is in the way; then calls `found`, until that succeeds. */
  findInBackground(found: () => Promise<void>): void {
    void this.#forEver(() => this.find(0)).then(() => this.#forEver(found));
  }

  async closeDatabase(): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#candidate?.close(), this.database.close()]);
  }

  /** After the database. */
  async closePostgres(): Promise<void> {
    await this.#starting;
    await this.#postgres?.close();
  }

  async #startEmbedded(): Promise<EmbeddedPostgres['connection']> {
    const { directory, log } = this.#options;
    if (this.#postgres === null) {
      const starting = EmbeddedPostgres.start({ directory, log }).then((postgres) => void (this.#postgres = postgres));
      this.#starting = starting.catch(() => undefined);
      await starting;
    }
    return this.#postgres!.connection;
  }

  async #forEver(attempt: () => Promise<void>): Promise<void> {
    const { signal } = this.#closing;
    let told = '';
    for (let tries = 1; !signal.aborted; tries += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (signal.aborted) return;
        const reason = error instanceof AggregateError ? (error.errors[0] as Error).message : (error as Error).message;
        if (!mayPass(error) && reason !== told)
          this.#options.log.error({ err: error }, 'the database cannot be used; tried again');
        told = reason;
        const delayMs = LEAST_MS + Math.random() * Math.min(CAP_MS - LEAST_MS, LEAST_MS * 2 ** Math.min(tries, 20));
        await sleep(delayMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
