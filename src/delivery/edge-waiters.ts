import type { LiveEdge } from '../lives/live-edge.ts';

/** A request that waits for the live edge to change. */
export interface Waiter {
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
  #sweep: NodeJS.Timeout | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  get count(): number {
    let count = 0;
    for (const { waiters } of this.#waiting.values()) count += waiters.size;
    return count;
  }

  /** Waits; the returned function gives up without a call to `done`. */
  add(edge: LiveEdge, waiter: Waiter): () => void {
    let entry = this.#waiting.get(edge);
    if (entry === undefined) {
      entry = { waiters: new Set(), stop: edge.onChange(() => this.#settle(edge)) };
      this.#waiting.set(edge, entry);
    }
    const { waiters } = entry;
    waiters.add(waiter);
    this.#sweep ??= setInterval(() => this.#expire(), SWEEP_MS).unref();
    return () => {
      waiters.delete(waiter);
      this.#dropIfEmpty(edge);
    };
  }

  /** Answers all who wait, as if their time were over. */
  close(): void {
    for (const [edge, { waiters }] of [...this.#waiting]) {
      for (const waiter of [...waiters]) this.#finish(edge, waiter, false);
    }
    if (this.#sweep !== null) clearInterval(this.#sweep);
    this.#sweep = null;
  }

  #settle(edge: LiveEdge): void {
    const entry = this.#waiting.get(edge);
    if (entry === undefined) return;
    for (const waiter of entry.waiters) if (waiter.ready()) this.#finish(edge, waiter, true);
  }

  #expire(): void {
    const now = this.#now();
    for (const [edge, { waiters }] of this.#waiting) {
      for (const waiter of waiters) if (now >= waiter.deadlineMs) this.#finish(edge, waiter, false);
    }
  }

  #finish(edge: LiveEdge, waiter: Waiter, ready: boolean): void {
    this.#waiting.get(edge)?.waiters.delete(waiter);
    waiter.done(ready);
    this.#dropIfEmpty(edge);
  }

  #dropIfEmpty(edge: LiveEdge): void {
    const entry = this.#waiting.get(edge);
    if (entry === undefined || entry.waiters.size > 0) return;
    entry.stop();
    this.#waiting.delete(edge);
  }
}
