/** Words of a ring: a power of two. */
const CAPACITY = 65_536;
const HEAD = 0;
const TAIL = 1;

/**
 * Numbers from one thread to another, in order, through memory that both have. One thread puts, one takes; the one that takes may sleep until
 * there is something.
 */
export class WordRing {
  /** What the other thread makes its end from. */
  readonly shared: SharedArrayBuffer;
  readonly #marks: Int32Array;
  readonly #words: Float64Array;
  /** Words put, and not shown to the other thread yet. */
  #put: number;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(8 + 8 * CAPACITY)) {
    this.shared = shared;
    this.#marks = new Int32Array(shared, 0, 2);
    this.#words = new Float64Array(shared, 8, CAPACITY);
    this.#put = this.#marks[HEAD];
  }

  /** Room for so many more words. */
  hasRoom(words: number): boolean {
    return ((this.#put - Atomics.load(this.#marks, TAIL)) | 0) + words <= CAPACITY;
  }

  /** Puts a word where there is room; the other thread sees it after `show`. */
  put(word: number): void {
    this.#words[this.#put & (CAPACITY - 1)] = word;
    this.#put = (this.#put + 1) | 0;
  }

  /** Shows what was put, and wakes the other thread if it sleeps. */
  show(): void {
    Atomics.store(this.#marks, HEAD, this.#put);
    Atomics.notify(this.#marks, HEAD);
  }

  get isEmpty(): boolean {
    return Atomics.load(this.#marks, HEAD) === this.#marks[TAIL];
  }

  /** The next word; only when the ring is not empty. */
  take(): number {
    const at = this.#marks[TAIL];
    const word = this.#words[at & (CAPACITY - 1)];
    Atomics.store(this.#marks, TAIL, (at + 1) | 0);
    return word;
  }

  /** Sleeps until there is a word to take: not for a thread with an event loop. */
  sleep(): void {
    // A call to wake may come when what it tells of has long been taken: only the marks tell.
    while (this.isEmpty) Atomics.wait(this.#marks, HEAD, this.#marks[TAIL]);
  }
}
