/** What a wheel turns for. */
export interface Turned {
  /** When it wants its turn, in ms of performance.now(). */
  dueMs: number;
  /** Its turn has come: sets `dueMs` for the next and gives true, or gives false and is not called again. */
  turn(nowMs: number): boolean;
}

const TICK_MS = 20;
const SLOTS = 64;

/**
 * One timer for a thousand publishers: a hashed timing wheel with slots of 20 ms. A tick looks only at those whose turn it is, and nothing is
 * allocated for a turn. The timer runs while anyone is on it.
 */
export class TimerWheel {
  /** How late a tick was, the worst since {@link takeWorstLateMs} was last asked. */
  #worstLateMs = 0;
  readonly #slots: Turned[][] = Array.from({ length: SLOTS }, () => []);
  #count = 0;
  /** Slots up to this one, counted from the time origin, have had their turn. */
  #done = 0;
  #timer: NodeJS.Timeout | null = null;

  add(item: Turned): void {
    if (this.#timer === null) {
      this.#done = Math.floor(performance.now() / TICK_MS);
      this.#timer = setInterval(() => this.tick(performance.now()), TICK_MS);
    }
    this.#count += 1;
    this.#put(item);
  }

  /** Gives all their turn whose time has come; public for tests. */
  tick(nowMs: number): void {
    const last = Math.floor(nowMs / TICK_MS);
    this.#worstLateMs = Math.max(this.#worstLateMs, nowMs - (this.#done + 2) * TICK_MS);
    // Who was missed a whole turn of the wheel ago lies in the same slots.
    for (let slot = Math.max(this.#done + 1, last - SLOTS + 1); slot <= last; slot += 1) {
      this.#done = slot;
      const items = this.#slots[slot % SLOTS];
      const count = items.length;
      for (let i = 0; i < count; i += 1) {
        const item = items[i];
        // More than a turn of the wheel ahead: once more round.
        if (item.dueMs > nowMs || item.turn(nowMs)) this.#put(item);
        else this.#count -= 1;
      }
      items.copyWithin(0, count);
      items.length -= count;
    }
    this.#done = last;
    if (this.#count > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  takeWorstLateMs(): number {
    const worst = this.#worstLateMs;
    this.#worstLateMs = 0;
    return worst;
  }

  #put(item: Turned): void {
    const slot = Math.max(this.#done + 1, Math.ceil(item.dueMs / TICK_MS));
    this.#slots[slot % SLOTS].push(item);
  }
}
