import type { HeldBytes } from '../packager/block-pool.ts';

/** Memory of another thread, counted here: it is given back when its last holder lets go. */
export class SharedHold implements HeldBytes {
  readonly bytes: Uint8Array;
  readonly #giveBack: () => void;
  #holders = 0;

  constructor(bytes: Uint8Array, giveBack: () => void) {
    this.bytes = bytes;
    this.#giveBack = giveBack;
  }

  retain(): void {
    this.#holders += 1;
  }

  release(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.#giveBack();
  }
}
