/** What blocks are measured in: parts of slow streams have some thousand bytes. */
export const PAGE_BYTES = 1024;

/** One run of memory, given out in runs of pages. */
export class Slab {
  readonly bytes: Uint8Array;
  /** At the first and at the last page of each run how long it is: above 0 where it is free, below where it is used. The others mean nothing. */
  readonly #runs: Int32Array;
  /** No free run is longer. */
  #longest: number;
  /** No page before it is free. */
  #first = 0;
  usedPages = 0;

  constructor(bytes: Uint8Array) {
    const pages = bytes.length / PAGE_BYTES;
    this.bytes = bytes;
    this.#runs = new Int32Array(pages);
    this.#longest = pages;
    this.#mark(0, pages, 1);
  }

  /** Gives the first page of the first run of so many free ones, which are used from here on; -1 when there is none. */
  take(count: number): number {
    if (count > this.#longest) return -1;
    const runs = this.#runs;
    let longest = 0;
    for (let at = this.#first; at < runs.length; at += Math.abs(runs[at])) {
      const free = runs[at];
      if (free >= count) {
        this.#mark(at, count, -1);
        if (free > count) this.#mark(at + count, free - count, 1);
        if (longest === 0) this.#first = at + count;
        this.usedPages += count;
        return at;
      }
      if (free > longest) longest = free;
    }
    this.#longest = longest;
    return -1;
  }

  /** Of a run of `count` pages that was taken only the first `kept` are used on. */
  give(first: number, count: number, kept: number): void {
    const runs = this.#runs;
    this.usedPages -= count - kept;
    if (kept > 0) this.#mark(first, kept, -1);
    let from = first + kept;
    let end = first + count;
    if (end < runs.length && runs[end] > 0) end += runs[end];
    if (from > 0 && runs[from - 1] > 0) from -= runs[from - 1];
    this.#mark(from, end - from, 1);
    this.#longest = Math.max(this.#longest, end - from);
    this.#first = Math.min(this.#first, from);
  }

  #mark(first: number, count: number, sign: 1 | -1): void {
    this.#runs[first] = this.#runs[first + count - 1] = sign * count;
  }
}
