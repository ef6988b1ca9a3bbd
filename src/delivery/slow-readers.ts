import type { Exchange } from '../http/exchange.ts';

/** Who takes longer for what lies in memory can not follow its live, and keeps memory from being used again. */
const TAKEN_WITHIN_MS = 30_000;
const LOOK_MS = 1000;

/** Cuts off players that take their answers too slowly: a byte now and then would keep them open for ever. */
export class SlowReaders {
  /** When each began; the oldest first. */
  readonly #began = new Map<Exchange, number>();
  readonly #now: () => number;
  #timer: NodeJS.Timeout | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Answers that are under way. */
  get count(): number {
    return this.#began.size;
  }

  /** The exchange is being answered from memory. */
  watch(exchange: Exchange): void {
    this.#began.set(exchange, this.#now());
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref();
    exchange.onEnd(() => this.#began.delete(exchange));
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #look(): void {
    const before = this.#now() - TAKEN_WITHIN_MS;
    for (const [exchange, began] of this.#began) {
      if (began > before) return;
      this.#began.delete(exchange);
      exchange.destroy();
    }
  }
}
