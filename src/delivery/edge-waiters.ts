import type { Exchange } from '../http/exchange.ts';
import type { LiveEdge } from '../lives/live-edge.ts';

/** A request that waits for the live edge to change. */
export interface Waiter {
  /** What is to be answered; nobody waits any more when it is over. */
  readonly exchange: Exchange;
  /** Whether what it waits for is there. */
  readonly ready: () => boolean;
  /** Called once: with true when it is there, with false when its time is over. */
  readonly done: (ready: boolean) => void;
  readonly deadlineMs: number;
}

/** How often deadlines are looked at. */
const SWEEP_MS = 250;

/** Requests that wait for parts and playlists: looked at when their live changes, without a timer for each. */
export class EdgeWaiters {
  readonly #waiting = new Map<LiveEdge, { waiters: Set<Waiter>; stop: () => void }>();
  readonly #now: () => number;
  readonly #failed: (exchange: Exchange | null, error: unknown) => void;
  #sweep: NodeJS.Timeout | null = null;
  #closed = false;

  /**
   * `failed` answers for a waiter that throws: a viewer's trouble must not reach the publisher, in whose call the edge changes. With null it hears of a bug
   * that is no waiter's.
   */
  constructor(now: () => number, failed: (exchange: Exchange | null, error: unknown) => void) {
    this.#now = now;
    this.#failed = failed;
  }

  get count(): number {
    let count = 0;
    for (const { waiters } of this.#waiting.values()) count += waiters.size;
    return count;
  }

  add(edge: LiveEdge, waiter: Waiter): void {
    if (waiter.exchange.over) return;
    if (this.#closed) return this.#finish(edge, waiter, false);
    let entry = this.#waiting.get(edge);
    if (entry === undefined) {
      entry = { waiters: new Set(), stop: edge.onChange(() => this.#settle(edge)) };
      this.#waiting.set(edge, entry);
    }
    entry.waiters.add(waiter);
    this.#sweep ??= setInterval(() => this.#expire(), SWEEP_MS).unref();
    waiter.exchange.onEnd(() => this.#drop(edge, waiter));
  }

  /** Answers all who wait, as if their time were over. */
  close(): void {
    this.#closed = true;
    for (const [edge, { waiters }] of [...this.#waiting]) {
      for (const waiter of [...waiters]) this.#finish(edge, waiter, false);
    }
    if (this.#sweep !== null) clearInterval(this.#sweep);
    this.#sweep = null;
  }

  #settle(edge: LiveEdge): void {
    const entry = this.#waiting.get(edge);
    if (entry === undefined) return;
    for (const waiter of entry.waiters) {
      try {
        if (waiter.ready()) this.#finish(edge, waiter, true);
      } catch (error) {
        this.#drop(edge, waiter);
        this.#failed(waiter.exchange, error);
      }
    }
  }

  #expire(): void {
    try {
      const now = this.#now();
      for (const [edge, { waiters }] of this.#waiting) {
        for (const waiter of waiters) if (now >= waiter.deadlineMs) this.#finish(edge, waiter, false);
      }
    } catch (error) {
      this.#failed(null, error);
    }
  }

  #finish(edge: LiveEdge, waiter: Waiter, ready: boolean): void {
    this.#drop(edge, waiter);
    try {
      waiter.done(ready);
    } catch (error) {
      this.#failed(waiter.exchange, error);
    }
  }

  #drop(edge: LiveEdge, waiter: Waiter): void {
    const entry = this.#waiting.get(edge);
    if (entry === undefined) return;
    entry.waiters.delete(waiter);
    if (entry.waiters.size > 0) return;
    entry.stop();
    this.#waiting.delete(edge);
  }
}
