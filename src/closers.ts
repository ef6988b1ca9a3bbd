import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from './log.ts';

export interface CloserOptions {
  /** What it may take at the most. */
  readonly withinMs?: number;
  /** What it is given even when those before it have taken all the time. */
  readonly leastMs?: number;
}

interface Closer extends Required<CloserOptions> {
  readonly name: string;
  readonly close: () => Promise<void> | void;
}

const WITHIN_MS = 3000;
const LEAST_MS = 100;

/** What is to be closed, in the reverse order of its start, and in bounded time: one that hangs is left behind. */
export class Closers {
  readonly #log: Logger;
  readonly #closers: Closer[] = [];
  readonly #withinMs: number;
  #closing: Promise<void> | null = null;

  constructor(log: Logger, withinMs: number) {
    this.#log = log;
    this.#withinMs = withinMs;
  }

  add(name: string, close: Closer['close'], { withinMs = WITHIN_MS, leastMs = LEAST_MS }: CloserOptions = {}): void {
    this.#closers.push({ name, close, withinMs, leastMs });
  }

  /** Idempotent; never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    const deadline = performance.now() + this.#withinMs;
    for (const { name, close, withinMs, leastMs } of this.#closers.splice(0).reverse()) {
      const left = Math.max(leastMs, Math.min(withinMs, deadline - performance.now()));
      const closed = new AbortController();
      try {
        const late = sleep(left, 'late' as const, { signal: closed.signal }).catch(() => null);
        const outcome = await Promise.race([Promise.resolve(close()), late]);
        if (outcome === 'late') this.#log.warn({ what: name, withinMs: Math.round(left) }, 'closing takes too long: left behind');
      } catch (error) {
        this.#log.error({ what: name, err: error }, 'closing');
      } finally {
        closed.abort();
      }
    }
  }
}
