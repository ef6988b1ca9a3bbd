import { close, open, writev } from 'node:fs';
import type { Block } from '../packager/block-pool.ts';

/** Buffers of one system call (IOV_MAX is 1024 on Linux). */
const MOST_AT_ONCE = 256;

interface Step {
  readonly file: AppendFile;
  readonly bytes: Uint8Array;
  /** Released when the bytes are written, or never will be. */
  readonly block: Block | null;
  /** Called when the bytes, and all queued before them, are written. */
  readonly written: (() => void) | null;
}

/** A file that is appended to, opened when its first bytes come. */
export class AppendFile {
  readonly path: string;
  descriptor = -1;
  constructor(path: string) {
    this.path = path;
  }
}

/**
 * Appends to files in the order of the calls, one system call at a time: what comes while one is under way goes out gathered in the next, so that a busy
 * disk gets few large writes and an idle one each part at once. The first error ends the queue: what is queued then is dropped, and said once.
 */
export class AppendQueue {
  #steps: Step[] = [];
  #busy = false;
  #error: Error | null = null;
  #idle: (() => void)[] = [];
  readonly #onError: (error: Error) => void;

  constructor(onError: (error: Error) => void) {
    this.#onError = onError;
  }

  get error(): Error | null {
    return this.#error;
  }

  /** Queues bytes, which must not change until written; `block`, if any, is held until then. */
  append(file: AppendFile, bytes: Uint8Array, block: Block | null, written: (() => void) | null = null): void {
    if (this.#error !== null) return;
    block?.retain();
    this.#steps.push({ file, bytes, block, written });
    if (!this.#busy) this.#next();
  }

  /** Resolves when all that is queued is written or has failed. Never rejects: see `error`. */
  drained(): Promise<void> {
    if (!this.#busy) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Closes a file when what is queued for it is written. */
  async close(file: AppendFile): Promise<void> {
    await this.drained();
    const { descriptor } = file;
    file.descriptor = -1;
    if (descriptor < 0) return;
    await new Promise<void>((resolve) => close(descriptor, () => resolve()));
  }

  #next(): void {
    const first = this.#steps[0];
    if (first === undefined) {
      this.#busy = false;
      const waiting = this.#idle;
      this.#idle = [];
      for (const resolve of waiting) resolve();
      return;
    }
    this.#busy = true;
    if (first.file.descriptor < 0) {
      open(first.file.path, 'a', 0o640, (error, descriptor) => {
        if (error !== null) return this.#fail(error);
        first.file.descriptor = descriptor;
        this.#next();
      });
      return;
    }
    let count = 1;
    while (count < this.#steps.length && count < MOST_AT_ONCE && this.#steps[count].file === first.file) count += 1;
    const batch = this.#steps.splice(0, count);
    this.#write(batch, batch.map((step) => step.bytes));
  }

  #write(batch: readonly Step[], buffers: readonly Uint8Array[]): void {
    writev(batch[0].file.descriptor, buffers, (error, written) => {
      if (error !== null) {
        release(batch);
        return this.#fail(error);
      }
      const rest = after(buffers, written);
      // A short write is a disk that fills up: the rest is tried, and the error then is the true one.
      if (rest.length > 0) return this.#write(batch, rest);
      release(batch);
      for (const step of batch) step.written?.();
      this.#next();
    });
  }

  #fail(error: Error): void {
    this.#error = error;
    release(this.#steps);
    this.#steps = [];
    this.#onError(error);
    this.#next();
  }
}

function release(steps: readonly Step[]): void {
  for (const step of steps) step.block?.release();
}

function after(buffers: readonly Uint8Array[], written: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = written;
  for (const buffer of buffers) {
    if (skip >= buffer.length) skip -= buffer.length;
    else {
      rest.push(buffer.subarray(skip));
      skip = 0;
    }
  }
  return rest;
}
