import { failureKind } from '../database/transaction.ts';
import type { Logger } from '../log.ts';
import type { Attempt } from './attempt.ts';

interface Options {
  /** Writes attempts for good; must be idempotent. */
  readonly write: (attempts: readonly Attempt[]) => Promise<void>;
  readonly log: Logger;
  readonly delayMs?: number;
  /** What waits at the most; the oldest are given up. */
  readonly limit?: number;
}

const BATCH = 500;

/** Writes attempts behind, as well as it goes: nobody waits for it, and what a database that is away for long does not take is lost. */
export class AttemptWriter {
  readonly #options: Options;
  readonly #delayMs: number;
  readonly #limit: number;
  #queue: Attempt[] = [];
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> | null = null;
  #lost = 0;
  #closed = false;

  constructor(options: Options) {
    this.#options = options;
    this.#delayMs = options.delayMs ?? 1000;
    this.#limit = options.limit ?? 5000;
  }

  add(attempt: Attempt): void {
    if (this.#closed) return;
    this.#queue.push(attempt);
    if (this.#queue.length > this.#limit) {
      this.#queue.shift();
      this.#lost += 1;
    }
    this.#soon();
  }

  /** Writes what there is, once, and takes no more. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#writing;
    await this.#write();
  }

  #soon(): void {
    if (this.#closed || this.#timer !== null || this.#writing !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#writing = this.#write().then(() => {
        this.#writing = null;
        if (this.#queue.length > 0) this.#soon();
      });
    }, this.#delayMs);
    this.#timer.unref();
  }

  async #write(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.slice(0, BATCH);
      try {
        await this.#options.write(batch);
      } catch (error) {
        if (failureKind(error) !== 'other') return; // it is tried again with those that come meanwhile
        this.#options.log.warn({ err: error, attempts: batch.length }, 'attempts could not be written');
      }
      const done = new Set(batch);
      this.#queue = this.#queue.filter((attempt) => !done.has(attempt));
      if (this.#lost > 0) this.#options.log.warn({ attempts: this.#lost }, 'attempts were lost while the database was away');
      this.#lost = 0;
    }
  }
}
