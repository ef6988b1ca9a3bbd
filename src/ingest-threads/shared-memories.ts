import type { PartMemory } from '../packager/block-pool.ts';
import { SharedHold } from '../threads/shared-hold.ts';

interface Memory {
  readonly bytes: Uint8Array;
  holds: number;
}

/** Memory of a thread of ingest, as the thread that records reads it. */
export class SharedMemories {
  readonly #memories = new Map<number, Memory>();
  readonly #adopt: (bytes: Uint8Array) => void;
  readonly #discard: (bytes: Uint8Array) => void;
  readonly #released: (hold: number) => void;
  #gone = false;

  /** `adopt` hears of memory that is there, `discard` of what is not read any more; `released` gives a hold back to its thread. */
  constructor(options: {
    readonly adopt: (bytes: Uint8Array) => void;
    readonly discard: (bytes: Uint8Array) => void;
    readonly released: (hold: number) => void;
  }) {
    this.#adopt = options.adopt;
    this.#discard = options.discard;
    this.#released = options.released;
  }

  add(number: number, bytes: Uint8Array): void {
    this.#memories.set(number, { bytes, holds: 0 });
    this.#adopt(bytes);
  }

  forget(number: number): void {
    const memory = this.#memories.get(number);
    if (memory === undefined) return;
    this.#memories.delete(number);
    this.#discard(memory.bytes);
  }

  /** The memory of a part, which is held by whoever retains it until the last release; `done` once it is offered to those. */
  part(number: number, hold: number): { readonly block: PartMemory; readonly done: () => void } {
    const memory = this.#memories.get(number);
    if (memory === undefined) throw new Error(`memory ${number} is not known`);
    memory.holds += 1;
    const block = new SharedHold(memory.bytes, () => {
      memory.holds -= 1;
      if (!this.#gone) this.#released(hold);
      else if (memory.holds === 0) this.forget(number);
    });
    block.retain();
    return { block, done: () => block.release() };
  }

  /** The thread has gone: what nobody reads is discarded now, and the rest when it is let go. */
  close(): void {
    this.#gone = true;
    for (const [number, { holds }] of [...this.#memories]) if (holds === 0) this.forget(number);
  }
}
