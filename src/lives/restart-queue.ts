import { spread } from './spread.ts';

/** A session that is to end, so that its encoder comes back into a new one. */
export interface Restart {
  readonly videoUuid: string;
  readonly sessionId: string;
}

/** A restart with its time, ms of the epoch. */
export interface PlannedRestart extends Restart {
  readonly at: number;
}

export interface RestartQueueOptions {
  /** Called when its time has come. One that throws keeps the others from nothing. */
  readonly restart: (restart: Restart) => void;
  /** Hears of bugs: of one restart, or of none that could be told. */
  readonly failed: (restart: Restart | null, error: unknown) => void;
  readonly now: () => number;
  /** A clock in ms that is never set: a wall clock that jumps would make all restarts due at once. */
  readonly monotonic?: () => number;
  readonly random?: () => number;
}

/** After a bug, those that wait are looked at again. */
const AGAIN_MS = 1000;

/** Restarts that wait for their time: one at the most for each live, and one timer for all. Kept in memory only. */
export class RestartQueue {
  readonly #options: RestartQueueOptions;
  readonly #monotonic: () => number;
  readonly #waiting = new Map<string, { readonly restart: Restart; readonly dueAt: number }>();
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: RestartQueueOptions) {
    this.#options = options;
    this.#monotonic = options.monotonic ?? (() => performance.now());
  }

  get pending(): number {
    return this.#waiting.size;
  }

  /** Gives each a time, in their order. A session that waits already keeps the earlier of both: asking again puts nothing off. */
  add(restarts: readonly Restart[], overMs: number): void {
    if (this.#closed) return;
    const now = this.#monotonic();
    const delays = spread(restarts.length, overMs, this.#options.random ?? Math.random);
    for (const [i, restart] of restarts.entries()) {
      const known = this.#waiting.get(restart.videoUuid);
      const dueAt = now + delays[i];
      if (known?.restart.sessionId === restart.sessionId && known.dueAt <= dueAt) continue;
      this.#waiting.set(restart.videoUuid, { restart, dueAt });
    }
    this.#arm();
  }

  /** All that wait, the next one first. */
  list(): PlannedRestart[] {
    const epoch = this.#options.now() - this.#monotonic();
    return [...this.#waiting.values()]
      .sort((a, b) => a.dueAt - b.dueAt)
      .map(({ restart, dueAt }) => ({ ...restart, at: Math.round(epoch + dueAt) }));
  }

  /** Forgets a live's restart; false when it had none. */
  cancel(videoUuid: string): boolean {
    return this.#waiting.delete(videoUuid);
  }

  /** Forgets all, and takes no more. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#waiting.clear();
    this.#arm();
  }

  #arm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#waiting.size === 0) return;
    const next = Math.min(...[...this.#waiting.values()].map(({ dueAt }) => dueAt));
    this.#timer = setTimeout(() => this.#run(), Math.max(0, Math.ceil(next - this.#monotonic())));
  }

  #run(): void {
    try {
      this.#runDue();
      this.#arm();
    } catch (error) {
      this.#options.failed(null, error);
      this.#timer = setTimeout(() => this.#run(), AGAIN_MS);
    }
  }

  #runDue(): void {
    const now = this.#monotonic();
    const due = [...this.#waiting.values()].filter(({ dueAt }) => dueAt <= now).sort((a, b) => a.dueAt - b.dueAt);
    for (const { restart } of due) this.#waiting.delete(restart.videoUuid);
    for (const { restart } of due) {
      try {
        this.#options.restart(restart);
      } catch (error) {
        this.#options.failed(restart, error);
      }
    }
  }
}
