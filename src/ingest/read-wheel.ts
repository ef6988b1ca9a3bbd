/** A socket that is not read for a moment. */
export interface RestingSocket {
  /** Read on. */
  wake(): void;
  /** It cannot be woken, and would be left unread: end it. */
  destroy(): void;
}

/** Up to so many publishers each is read when it has sent something; from there on it rests after a read. */
const READ_AT_ONCE = 20;
/** Until what is to come is awaited, but not longer than this; and where it is late not shorter than what the number of publishers tells. */
const LONGEST_REST_MS = 200;
const REST_PER_PUBLISHER_MS = 0.15;
const LONGEST_POLL_MS = 40;
/** While connections wait to be let in, those that have had time for their first part rest so much longer: else a storm's first would keep its last waiting. */
const STORM_REST_MS = 400;
const FIRST_PART_MS = 600;
const SLOT_MS = 20;
const SLOTS = 32;
/** Of those that are due so many are woken in a turn of the event loop: what waits beside them (newcomers, players) waits for no more. */
const WOKEN_IN_A_TURN = 24;

/**
 * How long a publisher's socket rests after a read, ms, with so many publishers, and so many connections that are not let in yet; it was let in `sinceMs`
 * ago, and its part will be complete in `quietMs`. A read costs the same
 * whatever it brings: with one for each part, when it is about to be complete, the part is not later than with many.
 */
export function restMs(publishers: number, waiting: number, sinceMs: number, quietMs: number): number {
  if (publishers <= READ_AT_ONCE) return 0;
  const shortest = Math.min((publishers - READ_AT_ONCE) * REST_PER_PUBLISHER_MS, LONGEST_POLL_MS);
  const rest = Math.min(Math.max(quietMs, shortest), LONGEST_REST_MS);
  return waiting > READ_AT_ONCE && sinceMs > FIRST_PART_MS ? rest + STORM_REST_MS : rest;
}

/**
 * Lets many sockets be read less often: what a publisher sends in the meantime is then one read, and not one for each frame. Driven by the clock: a
 * loop that is late wakes all that are due.
 */
export class ReadWheel {
  readonly #slots: RestingSocket[][] = Array.from({ length: SLOTS }, () => []);
  readonly #failed: (error: unknown) => void;
  readonly #now: () => number;
  #resting = 0;
  /** The next slot to wake, counted from the start of the clock. */
  #next = 0;
  #timer: NodeJS.Timeout | null = null;
  /** Those that are due; the first so many of them are woken already. */
  #due: RestingSocket[] = [];
  #woken = 0;
  #turn: NodeJS.Immediate | null = null;

  /** `failed` hears of bugs: one keeps no socket but its own from being read. */
  constructor(failed: (error: unknown) => void, now: () => number = () => performance.now()) {
    this.#failed = failed;
    this.#now = now;
  }

  /** Wakes the socket after `ms`, up to 20 ms later. */
  rest(socket: RestingSocket, ms: number): void {
    const now = this.#now();
    if (this.#resting === 0) this.#next = Math.floor(now / SLOT_MS) + 1;
    const due = Math.max(Math.ceil((now + ms) / SLOT_MS), this.#next);
    this.#slots[Math.min(due, this.#next + SLOTS - 1) % SLOTS].push(socket);
    this.#resting += 1;
    this.#timer ??= setTimeout(() => this.#tick(), SLOT_MS);
  }

  /** Wakes all. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (let i = 0; i < SLOTS; i += 1) this.#moveDue(this.#next + i);
    while (this.#woken < this.#due.length) this.#wakeSome();
  }

  #tick(): void {
    this.#timer = null;
    this.#guard(() => this.#wakeDue());
    if (this.#resting > 0 || this.#due.length > 0) this.#timer ??= setTimeout(() => this.#tick(), SLOT_MS);
  }

  #wakeDue(): void {
    const slot = Math.floor(this.#now() / SLOT_MS);
    for (let n = 0; this.#next <= slot && n < SLOTS; n += 1) {
      this.#moveDue(this.#next);
      this.#next += 1;
    }
    this.#next = Math.max(this.#next, slot + 1);
    this.#wakeSome();
  }

  #moveDue(slot: number): void {
    const sockets = this.#slots[slot % SLOTS];
    if (sockets.length === 0) return;
    this.#slots[slot % SLOTS] = [];
    this.#resting -= sockets.length;
    this.#due = this.#woken === this.#due.length ? sockets : [...this.#due.slice(this.#woken), ...sockets];
    this.#woken = 0;
  }

  #wakeSome(): void {
    if (this.#turn !== null) clearImmediate(this.#turn);
    this.#turn = null;
    const end = Math.min(this.#woken + WOKEN_IN_A_TURN, this.#due.length);
    while (this.#woken < end) {
      const socket = this.#due[this.#woken];
      this.#woken += 1;
      this.#wake(socket);
    }
    if (this.#woken < this.#due.length) {
      this.#turn = setImmediate(() => this.#guard(() => this.#wakeSome()));
    } else {
      this.#due = [];
      this.#woken = 0;
    }
  }

  #wake(socket: RestingSocket): void {
    try {
      socket.wake();
    } catch (error) {
      this.#failed(error);
      this.#guard(() => socket.destroy());
    }
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#failed(error);
    }
  }
}
