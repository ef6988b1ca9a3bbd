import type { HeldBytes } from '../packager/block-pool.ts';

interface Held {
  readonly block: HeldBytes;
  readonly bytes: number;
  /** Nobody but the thread needs it any more. */
  owed: boolean;
}

/** Memory of ours that another thread reads: each piece is held until the thread gives it back. */
export class HeldBlocks {
  readonly #held = new Map<number, Held>();
  #last = 0;
  #bytes = 0;
  #owedBytes = 0;

  /** All that the thread may read. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What only the thread keeps from being used again. */
  get owedBytes(): number {
    return this.#owedBytes;
  }

  /** Gives the number that the thread gives it back by. */
  hold(block: HeldBytes, bytes: number): number {
    block.retain();
    this.#last += 1;
    this.#held.set(this.#last, { block, bytes, owed: false });
    this.#bytes += bytes;
    return this.#last;
  }

  /** The edge has let go of it. */
  owe(hold: number): void {
    const held = this.#held.get(hold);
    if (held === undefined || held.owed) return;
    held.owed = true;
    this.#owedBytes += held.bytes;
  }

  /** The thread has given it back. */
  release(hold: number): void {
    const held = this.#held.get(hold);
    if (held === undefined) return;
    this.#held.delete(hold);
    this.#bytes -= held.bytes;
    if (held.owed) this.#owedBytes -= held.bytes;
    held.block.release();
  }

  /** There is no such thread any more. */
  releaseAll(): void {
    for (const hold of [...this.#held.keys()]) this.release(hold);
  }
}
