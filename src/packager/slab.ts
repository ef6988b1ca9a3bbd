/** What blocks are measured in: parts of slow streams have some thousand bytes. */
export const PAGE_BYTES = 1024;
const FREE = 0;
const USED = 1;

/** One run of memory, given out in runs of pages. */
export class Slab {
  readonly bytes: Uint8Array;
  readonly #pages: Uint8Array;
  /** No run of free pages is longer. */
  #longest: number;
  usedPages = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#longest = bytes.length / PAGE_BYTES;
    this.#pages = new Uint8Array(this.#longest);
  }

  /** Gives the first page of the first run of so many free ones, which are used from here on; -1 when there is none. */
  take(count: number): number {
    if (count > this.#longest) return -1;
    const pages = this.#pages;
    let longest = 0;
    for (let at = pages.indexOf(FREE); at >= 0;) {
      const used = pages.indexOf(USED, at);
      const end = used < 0 ? pages.length : used;
      if (end - at >= count) {
        pages.fill(USED, at, at + count);
        this.usedPages += count;
        return at;
      }
      longest = Math.max(longest, end - at);
      at = used < 0 ? -1 : pages.indexOf(FREE, used);
    }
    this.#longest = longest;
    return -1;
  }

  /** Pages that were taken are free again. */
  give(first: number, count: number): void {
    const pages = this.#pages;
    pages.fill(FREE, first, first + count);
    this.usedPages -= count;
    const before = first === 0 ? -1 : pages.lastIndexOf(USED, first - 1);
    const behind = pages.indexOf(USED, first + count);
    this.#longest = Math.max(this.#longest, (behind < 0 ? pages.length : behind) - before - 1);
  }
}
