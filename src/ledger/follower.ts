import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { backOffMs, LEAST_MS } from './back-off.ts';
import { Bell } from './bell.ts';
import type { Entry } from './fact-file.ts';
import type { SessionFact } from './session-fact.ts';
import type { Logger } from '../log.ts';

/** After so many at a time more are on their way: a little later they go together, at a fraction of the cost for the database. */
const MANY_FACTS = 8;
const GATHER_MS = 250;
/** A storm: who connects needs the machine more than the catalogue does. */
const STORM_FACTS = 64;
const GATHER_IN_STORM_MS = 2000;

export interface FollowerOptions {
  readonly apply: (facts: readonly SessionFact[], signal: AbortSignal) => Promise<void>;
  readonly isPoison?: (error: unknown) => boolean;
  readonly batchFacts?: number;
  readonly rejectedFile: string;
  /** Somebody waits for all to be there, or they are safe nowhere else: then nothing is gathered. */
  readonly isHurried: () => boolean;
  /** The next facts in order, at most so many. */
  readonly next: (count: number) => readonly Entry[];
  /** These are in the database, or set aside. */
  readonly done: (entries: readonly Entry[]) => void;
  readonly log: Logger;
}

/** Takes facts to the database in order: at once when they come, gathered when there are many, for ever when it is away. */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #bell = new Bell();
  /** Nobody gathers any longer. */
  readonly #hurry = new Bell();

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** Something new may be there to apply. */
  wake(): void {
    this.#bell.ring();
  }

  /** `isHurried` has become true. */
  hurry(): void {
    this.#hurry.ring();
  }

  /** Resolves once the signal is aborted (and the follower woken and hurried). */
  async run(signal: AbortSignal): Promise<void> {
    const { next, batchFacts = 500, isHurried, log } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      const batch = next(batchFacts);
      if (batch.length === 0) {
        await this.#bell.wait();
        continue;
      }
      try {
        await this.#apply(batch, signal);
        if (failures > 0) log.info({ failures }, 'the database takes facts again');
        failures = 0;
        const gathers = batch.length >= MANY_FACTS && batch.length < batchFacts && !isHurried() && !signal.aborted;
        if (gathers) await this.#hurry.wait(batch.length >= STORM_FACTS ? GATHER_IN_STORM_MS : GATHER_MS);
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        if (failures === 1 || failures % 20 === 0)
          log.warn({ err: error, failures }, 'the database does not take facts; they wait');
        const delayMs = backOffMs(failures);
        await sleep(LEAST_MS, undefined, { signal }).catch(() => undefined);
        if (!signal.aborted) await this.#bell.wait(delayMs - LEAST_MS);
      }
    }
  }

  /** Facts that can never be applied are found by halving, and set aside so that the others go on. */
  async #apply(batch: readonly Entry[], signal: AbortSignal): Promise<void> {
    const { apply, isPoison = isRefusedData, done } = this.#options;
    try {
      await apply(
        batch.map(({ fact }) => fact),
        signal,
      );
    } catch (error) {
      if (signal.aborted || !isPoison(error)) throw error; // a try that was broken off says nothing of the facts
      if (batch.length > 1) {
        const middle = batch.length >> 1;
        await this.#apply(batch.slice(0, middle), signal);
        await this.#apply(batch.slice(middle), signal);
        return;
      }
      await this.#setAside(batch[0].fact, error);
    }
    done(batch);
  }

  async #setAside(fact: SessionFact, error: unknown): Promise<void> {
    const { log, rejectedFile } = this.#options;
    log.error({ err: error, fact }, 'the database refuses this fact for good: set aside in rejected.log');
    const line = JSON.stringify({ rejectedAt: new Date().toISOString(), error: String(error), fact });
    await appendLine(rejectedFile, line).catch((reason: unknown) => {
      log.error({ err: reason }, 'rejected.log cannot be written; the fact stands in the log line before');
    });
  }
}

/** Errors of PostgreSQL that say the data is wrong: SQLSTATE class 22 (data exception) and 23 (integrity constraint violation). */
export function isRefusedData(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^2[23]...$/.test(error.code);
}

async function appendLine(file: string, line: string): Promise<void> {
  const handle = await open(file, 'a', 0o600);
  try {
    await handle.writeFile(`${line}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
