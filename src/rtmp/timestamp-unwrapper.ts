/** Turns 32-bit timestamps in milliseconds, which wrap around after 49.7 days, into ones that go on growing. */
export class TimestampUnwrapper {
  #last: number | null = null;

  /** The timestamp nearest to the one before. Audio and video share one unwrapper, so that they never part by a turn. */
  unwrap(timestamp: number): number {
    // `| 0` makes of the difference the shortest way, forward or back.
    this.#last = this.#last === null ? timestamp : this.#last + ((timestamp - (this.#last % 2 ** 32)) | 0);
    return this.#last;
  }
}
