import { PAGE_BYTES, Slab } from './slab.ts';

/** Smallest slab, and the one that is large enough unless a block is larger: several blocks shall have room in one. */
const SLAB_BYTES = 4 * 1024 * 1024;
const LARGE_SLAB_BYTES = 16 * 1024 * 1024;
const BLOCKS_PER_SLAB = 4;
/** Slabs without a block in them that are kept at the least; or a part of what is in use, since streams let go of theirs in step. */
const KEPT_BYTES = LARGE_SLAB_BYTES;
const KEPT_SHARE = 1 / 4;

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
 * A run of memory that a part is built in: `start` to `end` of `bytes`, which others have their blocks in too. It is written by one packager; its bytes
 * never change once a part over them is out. Counted: whoever keeps a slice of it across an await retains it, and the last release gives it back.
 */
export class Block implements PartMemory {
  readonly #pool: BlockPool;
  readonly #slab: Slab;
  readonly start: number;
  #end: number;
  #holders = 1;

  constructor(pool: BlockPool, slab: Slab, start: number, end: number) {
    this.#pool = pool;
    this.#slab = slab;
    this.start = start;
    this.#end = end;
  }

  get bytes(): Uint8Array {
    return this.#slab.bytes;
  }

  get end(): number {
    return this.#end;
  }

  /** What lies behind `end` is not needed: the block ends with the page that holds it. */
  trim(end: number): void {
    const kept = Math.max(Math.ceil((end - this.start) / PAGE_BYTES), 1) * PAGE_BYTES;
    if (this.start + kept >= this.#end) return;
    this.#pool.give(this.#slab, this.start, this.#end, kept);
    this.#end = this.start + kept;
  }

  /** Keeps the bytes from being used again until the matching release. */
  retain(): void {
    if (this.#holders === 0) throw new Error('block retained after its last release');
    this.#holders += 1;
  }

  release(): void {
    if (this.#holders === 0) throw new Error('block released more often than retained');
    this.#holders -= 1;
    if (this.#holders === 0) this.#pool.give(this.#slab, this.start, this.#end, 0);
  }
}

/** Blocks of any size, cut from slabs that all streams share: memory is what they hold, whatever the rate of each. */
export class BlockPool {
  readonly #slabs: Slab[] = [];
  readonly #allocate: (byteLength: number) => Uint8Array;
  readonly #discard: (bytes: Uint8Array) => void;
  /** Bytes handed out and not given back. */
  bytesInUse = 0;
  /** Bytes of all slabs, and of those without a block in them. */
  bytes = 0;
  #emptyBytes = 0;

  /** `allocate` makes the memory, `discard` hears of what is not used again: the world decides whether threads share it. */
  constructor(
    allocate: (byteLength: number) => Uint8Array = (byteLength) => new Uint8Array(byteLength),
    discard: (bytes: Uint8Array) => void = () => {},
  ) {
    this.#allocate = allocate;
    this.#discard = discard;
  }

  /** A block of at least `minBytes`, held once by the caller. From the oldest slab that has room, so that the youngest get empty. */
  take(minBytes: number): Block {
    const pages = Math.max(1, Math.ceil(minBytes / PAGE_BYTES));
    for (const slab of this.#slabs) {
      const page = slab.take(pages);
      if (page >= 0) return this.#block(slab, page, pages);
    }
    const bytes = this.#allocate(slabBytes(minBytes));
    const slab = new Slab(bytes);
    this.#slabs.push(slab);
    this.bytes += bytes.length;
    this.#emptyBytes += bytes.length;
    return this.#block(slab, slab.take(pages), pages);
  }

  /** For Block only: of its bytes nobody holds more than the first `kept`. */
  give(slab: Slab, start: number, end: number, kept: number): void {
    this.bytesInUse -= end - start - kept;
    slab.give(start / PAGE_BYTES, (end - start) / PAGE_BYTES, kept / PAGE_BYTES);
    if (slab.usedPages > 0) return;
    this.#emptyBytes += slab.bytes.length;
    const most = Math.max(KEPT_BYTES, this.bytesInUse * KEPT_SHARE);
    for (let i = this.#slabs.length - 1; this.#emptyBytes > most; i -= 1) if (this.#slabs[i].usedPages === 0) this.#drop(i);
  }

  #drop(index: number): void {
    const [{ bytes }] = this.#slabs.splice(index, 1);
    this.bytes -= bytes.length;
    this.#emptyBytes -= bytes.length;
    this.#discard(bytes);
  }

  #block(slab: Slab, page: number, pages: number): Block {
    if (slab.usedPages === pages) this.#emptyBytes -= slab.bytes.length;
    this.bytesInUse += pages * PAGE_BYTES;
    return new Block(this, slab, page * PAGE_BYTES, (page + pages) * PAGE_BYTES);
  }
}

function slabBytes(blockBytes: number): number {
  let bytes = SLAB_BYTES;
  while (bytes < blockBytes || (bytes < LARGE_SLAB_BYTES && bytes < blockBytes * BLOCKS_PER_SLAB)) bytes *= 2;
  return bytes;
}
