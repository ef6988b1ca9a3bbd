const TICK_MS = 20;

/** One timer for all that has to be sent in real time in this process; it runs while anyone has joined. */
class FrameClock {
  readonly #members = new Set<(now: number) => void>();
  #timer: NodeJS.Timeout | null = null;

  /** Calls `tick` every 20 ms with performance.now(), until the returned function is called. */
  join(tick: (now: number) => void): () => void {
    this.#members.add(tick);
    this.#timer ??= setInterval(() => {
      const now = performance.now();
      for (const member of this.#members) member(now);
    }, TICK_MS);
    return () => {
      this.#members.delete(tick);
      if (this.#members.size > 0 || this.#timer === null) return;
      clearInterval(this.#timer);
      this.#timer = null;
    };
  }
}

/** The process's one frame clock. */
export const frameClock = new FrameClock();
