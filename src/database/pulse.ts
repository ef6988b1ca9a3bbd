/** How the database was when it was last asked. */
export interface PulseReading {
  readonly ok: boolean;
  readonly latencyMs: number;
}

interface Options {
  /** Asks the database once; may take long, and must not reject. */
  readonly ask: () => Promise<PulseReading>;
  /** No answer within this time is none. */
  readonly withinMs?: number;
  /** An answer is good for this time: who asks often costs the database nothing. */
  readonly freshMs?: number;
}

/** Whether the database answers, told in bounded time and with one question at a time, however many ask. */
export class Pulse {
  readonly #ask: () => Promise<PulseReading>;
  readonly #withinMs: number;
  readonly #freshMs: number;
  #last: { readonly reading: PulseReading; readonly at: number } | null = null;
  #asking: { readonly answer: Promise<PulseReading>; readonly since: number } | null = null;

  constructor({ ask, withinMs = 2000, freshMs = 1000 }: Options) {
    this.#ask = ask;
    this.#withinMs = withinMs;
    this.#freshMs = freshMs;
  }

  /** Never rejects. */
  async read(): Promise<PulseReading> {
    if (this.#last !== null && performance.now() - this.#last.at < this.#freshMs) return this.#last.reading;
    const { answer, since } = (this.#asking ??= this.#begin());
    const { promise: late, resolve } = Promise.withResolvers<PulseReading>();
    const left = Math.max(0, since + this.#withinMs - performance.now());
    const timer = setTimeout(() => resolve({ ok: false, latencyMs: performance.now() - since }), left);
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #begin(): { answer: Promise<PulseReading>; since: number } {
    const answer = this.#ask().then((reading) => {
      this.#last = { reading, at: performance.now() };
      this.#asking = null;
      return reading;
    });
    return { answer, since: performance.now() };
  }
}
