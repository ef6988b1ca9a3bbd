/** When a player runs dry: it begins to play behind the edge by so much, and plays what it has got in real time. All in ms. */
export class PlayerClock {
  stalls = 0;
  readonly #holdBackMs: number;
  #dryAtMs = -1;

  constructor(holdBackMs: number) {
    this.#holdBackMs = holdBackMs;
  }

  /** Media of this duration came. */
  received(nowMs: number, durationMs: number): void {
    if (this.#dryAtMs < 0) this.#dryAtMs = nowMs + this.#holdBackMs;
    else if (nowMs > this.#dryAtMs) {
      this.stalls += 1;
      this.#dryAtMs = nowMs;
    }
    this.#dryAtMs += durationMs;
  }
}
