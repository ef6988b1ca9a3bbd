import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

const PIECE = Buffer.alloc(1024 * 1024, 0x5a);
/** What others free meanwhile is taken too. */
const AGAIN_MS = 100;

/** A file that takes all room there is, and what becomes free. */
export class Filler {
  bytes = 0;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #timer: NodeJS.Timeout;
  #filling: Promise<void> = Promise.resolve();

  /** Resolves when there is no room left. */
  static async start(directory: string): Promise<Filler> {
    const path = join(directory, 'filler');
    const filler = new Filler(path, await open(path, 'w'));
    await filler.#fill();
    return filler;
  }

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
    this.#timer = setInterval(() => {
      this.#filling = this.#filling.then(() => this.#fill());
    }, AGAIN_MS);
  }

  /** Gives the room back. */
  async remove(): Promise<void> {
    clearInterval(this.#timer);
    await this.#filling;
    await this.#file.close();
    await rm(this.#path);
  }

  async #fill(): Promise<void> {
    for (let size = PIECE.length; size >= 512;) {
      try {
        const { bytesWritten } = await this.#file.write(PIECE, 0, size, this.bytes);
        this.bytes += bytesWritten;
        if (bytesWritten < size) size = Math.floor(size / 2);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        size = Math.floor(size / 2);
      }
    }
  }
}
