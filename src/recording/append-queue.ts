import type { HeldBytes } from '../packager/block-pool.ts';
import { DISK } from './disk.ts';
import type { Disk } from './disk.ts';
import { FILE_MODE } from './file-order.ts';

/** Buffers of one system call (IOV_MAX is 1024 on Linux). */
const MOST_AT_ONCE = 256;
/** More than this waiting for the disk is a disk that will not catch up: memory is worth more than the recording. */
export const QUEUE_LIMIT_BYTES = 64 * 1024 * 1024;

/** Something else that is done to files in its turn: `done` is called when it is, with what failed. */
export type QueuedTask = (done: (error: Error | null) => void) => void;

interface Append {
  readonly file: AppendFile;
  readonly bytes: Uint8Array;
  /** Released when the bytes are written, or never will be. */
  readonly block: HeldBytes | null;
  /** Called when the bytes, and all queued before them, are written. */
  readonly written: (() => void) | null;
}

type Step = Append | { readonly task: QueuedTask };

const NOTHING_LEFT: readonly Append[] = [];

/** A file that is appended to, opened when its first bytes come; with `mustBeNew`, only if there is none yet. */
export class AppendFile {
  readonly path: string;
  readonly flags: 'a' | 'ax';
  descriptor = -1;
  constructor(path: string, mustBeNew = false) {
    this.path = path;
    this.flags = mustBeNew ? 'ax' : 'a';
  }
}

/**
 * Appends to files, and does what else there is to do, in the order of the calls, one system call at a time: what comes while one is under way goes out gathered in the next, so that a busy
 * disk gets few large writes and an idle one each part at once. The first error ends the queue: what is queued then is dropped, and said once.
 */
export class AppendQueue {
  #steps: Step[] = [];
  /** Bytes that wait, those under way among them. */
  #waitingBytes = 0;
  /** A system call is under way. */
  #busy = false;
  #error: Error | null = null;
  #idle: (() => void)[] = [];
  readonly #onError: (error: Error) => void;
  readonly #disk: Disk;

  constructor(onError: (error: Error) => void, disk: Disk = DISK) {
    this.#onError = onError;
    this.#disk = disk;
  }

  get error(): Error | null {
    return this.#error;
  }

  /** Queues bytes, which must not change until written; `block`, if any, is held until then. */
  append(file: AppendFile, bytes: Uint8Array, block: HeldBytes | null, written: (() => void) | null = null): void {
    if (this.#error !== null) return;
    if (this.#waitingBytes + bytes.length > QUEUE_LIMIT_BYTES) {
      this.#fail(new Error(`the disk is too slow: ${this.#waitingBytes} bytes wait to be written`));
      return;
    }
    block?.retain();
    this.#waitingBytes += bytes.length;
    this.#steps.push({ file, bytes, block, written });
    if (!this.#busy) this.#next();
  }

  /** Queues a task: what is queued behind it waits until it is done, and is dropped when it fails. */
  run(task: QueuedTask): void {
    if (this.#error !== null) return;
    this.#steps.push({ task });
    if (!this.#busy) this.#next();
  }

  /** Resolves when all that is queued is done or has failed. Never rejects: see `error`. */
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
    await new Promise<void>((resolve) => this.#disk.close(descriptor, () => resolve()));
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
    if ('task' in first) {
      this.#steps.shift();
      first.task((error) => {
        if (error !== null) this.#fail(error);
        this.#next();
      });
      return;
    }
    if (first.file.descriptor < 0) {
      this.#disk.open(first.file.path, first.file.flags, FILE_MODE, (error, descriptor) => {
        if (error === null) first.file.descriptor = descriptor;
        else this.#fail(error);
        this.#next();
      });
      return;
    }
    const batch = [first];
    for (let step = this.#steps[1]; batch.length < MOST_AT_ONCE && step !== undefined; step = this.#steps[batch.length]) {
      if ('task' in step || step.file !== first.file) break;
      batch.push(step);
    }
    this.#steps.splice(0, batch.length);
    this.#write(batch);
  }

  #write(batch: readonly Append[]): void {
    const buffers = batch.map(({ bytes }) => bytes);
    this.#disk.writev(batch[0].file.descriptor, buffers, (error, written) => {
      if (error !== null) {
        this.#release(batch);
        this.#fail(error);
        return this.#next();
      }
      const rest = this.#finish(batch, written);
      // A short write is a disk that fills up: the rest is tried, and the error then is the true one.
      if (rest.length > 0) this.#write(rest);
      else this.#next();
    });
  }

  /** So many bytes of a batch are written: tells it of those that are whole, whatever becomes of the others, and gives what is left. */
  #finish(batch: readonly Append[], written: number): readonly Append[] {
    let whole = 0;
    let left = written;
    for (; whole < batch.length && batch[whole].bytes.length <= left; whole += 1) {
      left -= batch[whole].bytes.length;
      this.#releaseOne(batch[whole]);
      this.#tell(batch[whole]);
    }
    if (whole === batch.length) return NOTHING_LEFT;
    const [first, ...others] = batch.slice(whole);
    if (left === 0) return [first, ...others];
    this.#waitingBytes -= left;
    return [{ ...first, bytes: first.bytes.subarray(left) }, ...others];
  }

  /** A bug in who is told ends the recording as a disk does that refuses: else what waits for it would wait for ever. */
  #tell({ written }: Append): void {
    try {
      written?.();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** Drops what is queued; a system call that is under way is let come to its end. */
  #fail(error: Error): void {
    this.#release(this.#steps);
    this.#steps = [];
    if (this.#error !== null) return;
    this.#error = error;
    this.#onError(error);
  }

  #release(steps: readonly Step[]): void {
    for (const step of steps) if ('file' in step) this.#releaseOne(step);
  }

  #releaseOne({ block, bytes }: Append): void {
    this.#waitingBytes -= bytes.length;
    block?.release();
  }
}
