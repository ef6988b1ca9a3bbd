import { statfs } from 'node:fs/promises';
import { isFull, reopenRecording } from '../recording/recovery.ts';
import type { StoredRecording } from '../recording/stored-recording.ts';

const LONGEST_MS = 30_000;
/** A disk that has held for so long is tried soon again when it fails. */
const HELD_MS = 60_000;
/** A disk that was full is taken for full until it has this much room: what frees a little now and then would make a recording of holes. */
export const ROOM_BYTES = 16 * 1024 * 1024;

export interface RecordingRetryOptions {
  readonly directory: string;
  readonly now: () => number;
  /** How long after a failure the disk is tried again; twice as long each time after. */
  readonly firstMs: number;
  /** The recording can be gone on with, in another volume; null: it has to be begun. */
  readonly onReady: (stored: StoredRecording | null) => void;
}

/** Tries to take up a recording again that its disk has refused, as often as that happens, until it is closed. */
export class RecordingRetry {
  readonly #options: RecordingRetryOptions;
  #delayMs: number;
  #readyAt: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** The try that is under way, and whatever came before. */
  #trying: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: RecordingRetryOptions) {
    this.#options = options;
    this.#delayMs = options.firstMs;
  }

  /** The disk has refused, and why; `released` resolves when nothing is written to the recording any more. */
  failed(error: Error, released: Promise<void>): void {
    const { now, firstMs } = this.#options;
    const held = this.#readyAt === null || now() - this.#readyAt >= HELD_MS;
    this.#delayMs = held ? firstMs : Math.min(2 * this.#delayMs, LONGEST_MS);
    this.#readyAt = null;
    this.#schedule(error, released);
  }

  /** No more tries; resolves when the one that is under way is over. */
  close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    return this.#trying;
  }

  #schedule(error: Error, released: Promise<void>): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#trying = released.then(() => this.#try(error, released));
    }, this.#delayMs);
  }

  async #try(failure: Error, released: Promise<void>): Promise<void> {
    const { directory, now, onReady } = this.#options;
    try {
      if (isFull(failure)) await requireRoom(directory);
      const stored = await reopenRecording(directory);
      if (this.#closed) return;
      this.#readyAt = now();
      onReady(stored);
    } catch (error) {
      this.#delayMs = Math.min(2 * this.#delayMs, LONGEST_MS);
      this.#schedule(error as Error, released);
    }
  }
}

/** Rejects with ENOSPC while the disk has less room than is worth beginning with. */
async function requireRoom(directory: string): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize < ROOM_BYTES) throw Object.assign(new Error(`ENOSPC: ${bavail * bsize} bytes are free`), { code: 'ENOSPC' });
}
