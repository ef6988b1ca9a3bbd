import { getSystemErrorMap } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { Logger } from '../log.ts';
import { DISK } from './disk.ts';
import type { Disk } from './disk.ts';
import type { FileOrder } from './file-order.ts';
import { WordRing } from './word-ring.ts';

/** What the thread begins with. */
export interface WriterData {
  /** Number of the write, descriptor, count of pieces; then block, start and end of each. `ORDER` for a descriptor: an order of this number was sent. */
  readonly writes: SharedArrayBuffer;
  /** Number of the write; bytes written, or an order's first descriptor, or, below 0, the error (errno); an order's second descriptor. */
  readonly answers: SharedArrayBuffer;
}

/** In the place of a descriptor. */
const ORDER = -1;

/** Memory that the thread is to know by a number, or to forget; and what is to be done to files when its number comes. */
export type WriterMessage =
  | { readonly keep: number; readonly bytes: Uint8Array }
  | { readonly forget: number }
  | { readonly order: number; readonly what: FileOrder };

/** Answers are of three words, in a ring of 65,536. */
const MOST_WAITING = 20_000;
/** How often is looked what has been written, while something is: nobody waits for it. */
const LOOK_MS = 20;

type Done = (error: Error | null, first: number, second: number) => void;

/**
 * A disk whose writes are made by a thread of their own, from memory that it shares: a write costs the others a few numbers, and a disk that stands still
 * keeps nobody but its recordings waiting. So is what a recording begins and ends with. Writes of other memory, which are few, go the ordinary way.
 */
export class WriterThread implements Disk {
  readonly #log: Logger;
  #worker: Worker | null = null;
  /** Blocks the thread knows, by number; and the numbers, by their memory. */
  readonly #blocks = new Map<number, Uint8Array>();
  readonly #numbers = new WeakMap<ArrayBufferLike, number>();
  #lastBlock = 0;
  readonly #waiting = new Map<number, Done>();
  #lastWrite = 0;
  #writes = new WordRing();
  #answers = new WordRing();
  #showing: NodeJS.Immediate | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Memory that is written from: for a BlockPool. */
  allocate(byteLength: number): Uint8Array {
    const bytes = new Uint8Array(new SharedArrayBuffer(byteLength));
    this.adopt(bytes);
    return bytes;
  }

  /** Takes memory that another thread has made, a whole SharedArrayBuffer, to be written from until it is discarded. */
  adopt(bytes: Uint8Array): void {
    this.#lastBlock += 1;
    this.#blocks.set(this.#lastBlock, bytes);
    this.#numbers.set(bytes.buffer, this.#lastBlock);
    this.#post({ keep: this.#lastBlock, bytes });
  }

  /** Nothing will be written from this memory any more. */
  discard(bytes: Uint8Array): void {
    const number = this.#numbers.get(bytes.buffer);
    if (number === undefined) return;
    this.#blocks.delete(number);
    this.#numbers.delete(bytes.buffer);
    this.#post({ forget: number });
  }

  open(path: string, flags: string, mode: number, done: (error: Error | null, descriptor: number) => void): void {
    DISK.open(path, flags, mode, done);
  }

  close(descriptor: number, done: (error: Error | null) => void): void {
    DISK.close(descriptor, done);
  }

  order(what: FileOrder, done: (error: Error | null, descriptors: readonly number[]) => void): void {
    if (this.#closed) return DISK.order(what, done);
    const worker = this.#thread();
    if (!this.#hasRoom(3)) return DISK.order(what, done);
    const count = what.append?.length ?? 0;
    const number = this.#number((error, ...descriptors) => done(error, error === null ? descriptors.slice(0, count) : []));
    worker.postMessage({ order: number, what } satisfies WriterMessage);
    this.#writes.put(number);
    this.#writes.put(ORDER);
    this.#writes.put(0);
    this.#show();
  }

  writev(descriptor: number, buffers: readonly Uint8Array[], done: (error: Error | null, written: number) => void): void {
    const numbers = buffers.map(({ buffer }) => this.#numbers.get(buffer));
    if (this.#closed || numbers.includes(undefined)) return DISK.writev(descriptor, buffers, done);
    this.#thread();
    if (!this.#hasRoom(3 + 3 * buffers.length)) return DISK.writev(descriptor, buffers, done);
    this.#writes.put(this.#number(done));
    this.#writes.put(descriptor);
    this.#writes.put(buffers.length);
    for (let i = 0; i < buffers.length; i += 1) {
      const { byteOffset, byteLength } = buffers[i];
      this.#writes.put(numbers[i] ?? 0);
      this.#writes.put(byteOffset);
      this.#writes.put(byteOffset + byteLength);
    }
    this.#show();
  }

  /** Ends the thread. What is still to be written then goes the ordinary way. */
  async end(): Promise<void> {
    this.#closed = true;
    await this.kill();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Ends the thread as a fault would: the next write begins another. */
  async kill(): Promise<void> {
    await this.#worker?.terminate();
  }

  #number(done: Done): number {
    this.#lastWrite += 1;
    this.#waiting.set(this.#lastWrite, done);
    return this.#lastWrite;
  }

  #show(): void {
    // Once for all that this turn of the loop brings: to wake a thread costs more than to tell it what to do.
    this.#showing ??= setImmediate(() => {
      this.#showing = null;
      this.#writes.show();
    });
    this.#timer ??= setTimeout(() => this.#tick(), LOOK_MS);
  }

  /** Room to ask, and for the answer: the thread takes that for granted. */
  #hasRoom(words: number): boolean {
    return this.#waiting.size < MOST_WAITING && this.#writes.hasRoom(words);
  }

  #tick(): void {
    this.#timer = null;
    this.#takeAnswers();
    if (this.#waiting.size > 0) this.#timer ??= setTimeout(() => this.#tick(), LOOK_MS);
  }

  #thread(): Worker {
    if (this.#worker !== null) return this.#worker;
    this.#writes = new WordRing();
    this.#answers = new WordRing();
    const workerData: WriterData = { writes: this.#writes.shared, answers: this.#answers.shared };
    // Files that it opens are closed by us, and not at its end once more: their numbers are those of other files by then.
    const options = { name: 'writer', workerData, trackUnmanagedFds: false };
    const worker = new Worker(new URL('./writer-worker.ts', import.meta.url), options);
    this.#worker = worker;
    worker.on('error', (error) => this.#log.error({ err: error }, 'the thread that writes recordings failed'));
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = null;
      this.#failAll();
    });
    worker.unref();
    for (const [keep, bytes] of this.#blocks) this.#post({ keep, bytes });
    return worker;
  }

  #post(message: WriterMessage): void {
    this.#worker?.postMessage(message);
  }

  #takeAnswers(): void {
    while (!this.#answers.isEmpty) {
      const write = this.#answers.take();
      const result = this.#answers.take();
      const second = this.#answers.take();
      const done = this.#waiting.get(write);
      this.#waiting.delete(write);
      if (done === undefined) continue;
      if (result < 0) this.#tell(done, systemError(result), 0, 0);
      else this.#tell(done, null, result, second);
    }
  }

  /** A bug in one who is told keeps no other from being told. */
  #tell(done: Done, error: Error | null, first: number, second: number): void {
    try {
      done(error, first, second);
    } catch (bug) {
      this.#log.error({ err: bug }, 'who is told of a write failed');
    }
  }

  /** The thread is gone, and with it what it was told: its recordings are taken up again as after any other failure of their disk. */
  #failAll(): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const done of waiting) this.#tell(done, new Error('the thread that writes recordings is gone'), 0, 0);
  }
}

function systemError(errno: number): Error {
  const [code, text] = getSystemErrorMap().get(errno) ?? ['EUNKNOWN', `error ${errno}`];
  return Object.assign(new Error(`${code}: ${text}, write`), { code, errno, syscall: 'write' });
}
