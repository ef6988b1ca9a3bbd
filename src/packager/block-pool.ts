/** Smallest block: 64 KiB. A class holds twice the one before. */
const SMALLEST_BITS = 16;
/** Free blocks of one class that are kept for the next taker at the least; and as much as is in use, since streams let go of theirs in step. */
const KEPT_PER_CLASS_BYTES = 32 * 1024 * 1024;

/** What keeps bytes as they are: whoever uses them over an await retains it first, and releases it once. */
export interface HeldBytes {
  retain(): void;
  release(): void;
}

/** Memory that parts lie in. */
export interface PartMemory extends HeldBytes {
  readonly bytes: Uint8Array;
}

/**
 * A run of memory that parts are built in, one behind the other. It is written by one packager; its bytes never change once a part
 * over them is out. Counted: whoever keeps a slice of it across an await retains it, and the last release gives it back.
 */
export class Block implements PartMemory {
  readonly bytes: Uint8Array;
  readonly #pool: BlockPool;
  #holders = 1;

  constructor(pool: BlockPool, bytes: Uint8Array) {
    this.#pool = pool;
    this.bytes = bytes;
  }

  /** Keeps the bytes from being used again until the matching release. */
  retain(): void {
    if (this.#holders === 0) throw new Error('block retained after its last release');
    this.#holders += 1;
  }

  release(): void {
    if (this.#holders === 0) throw new Error('block released more often than retained');
    this.#holders -= 1;
    if (this.#holders === 0) this.#pool.give(this.bytes);
  }
}

/** Blocks in classes of powers of two, used again instead of allocated anew. */
export class BlockPool {
  readonly #free: Uint8Array[][] = [];
  readonly #allocate: (byteLength: number) => Uint8Array;
  readonly #discard: (bytes: Uint8Array) => void;
  /** Bytes handed out and not given back. */
  bytesInUse = 0;

  /** `allocate` makes the memory, `discard` hears of what is not used again: the world decides whether threads share it. */
  constructor(
    allocate: (byteLength: number) => Uint8Array = (byteLength) => new Uint8Array(byteLength),
    discard: (bytes: Uint8Array) => void = () => {},
  ) {
    this.#allocate = allocate;
    this.#discard = discard;
  }

  /** A block of at least `minBytes`, held once by the caller. */
  take(minBytes: number): Block {
    let bits = SMALLEST_BITS;
    while (2 ** bits < minBytes) bits += 1;
    const bytes = this.#free[bits]?.pop() ?? this.#allocate(2 ** bits);
    this.bytesInUse += bytes.length;
    return new Block(this, bytes);
  }

  /** For Block only: its last holder let go. */
  give(bytes: Uint8Array): void {
    this.bytesInUse -= bytes.length;
    const bits = Math.log2(bytes.length);
    const kept = (this.#free[bits] ??= []);
    if ((kept.length + 1) * bytes.length <= Math.max(KEPT_PER_CLASS_BYTES, this.bytesInUse)) kept.push(bytes);
    else this.#discard(bytes);
  }
}
