import { createHash } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from '../log.ts';
import type { DirectoryRecords } from './directory.ts';

/** Grows when records get other fields: a snapshot of another version is none. */
const VERSION = 1;
const WRITE_AFTER_MS = 1_000;

/** What the last process kept of the directory; null when there is nothing, or nothing whole, which is said in the log. */
export async function readDirectorySnapshot(file: string, log: Logger): Promise<DirectoryRecords | null> {
  try {
    return decodeSnapshot(await readFile(file, 'utf8'));
  } catch (error) {
    // Not the error itself: that of a parser tells what it read, and the file holds stream keys.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      log.warn({ file, code: (error as NodeJS.ErrnoException).code }, 'the snapshot of the directory cannot be read: left out');
    }
    return null;
  }
}

/** Keeps the directory in a local file, so that lives can start before the database is there. It holds stream keys: for its owner only. */
export class DirectorySnapshot {
  readonly #file: string;
  readonly #read: () => DirectoryRecords;
  readonly #log: Logger;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  #failures = 0;
  #closed = false;

  constructor({ file, read, log }: { file: string; read: () => DirectoryRecords; log: Logger }) {
    this.#file = file;
    this.#read = read;
    this.#log = log;
  }

  /** Something is different: it is written soon, together with what comes meanwhile. */
  changed(): void {
    if (this.#closed || this.#timer !== null) return;
    this.#timer = setTimeout(() => void this.#write(), WRITE_AFTER_MS);
  }

  /** Writes what is not written yet. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) await this.#write();
    await this.#writing;
    // One that failed meanwhile has set no timer any more: it is tried once again.
    if (this.#failures > 0) await this.#write();
  }

  #write(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#writing = this.#writing.then(() => this.#writeOnce());
    return this.#writing;
  }

  async #writeOnce(): Promise<void> {
    try {
      await replaceFile(this.#file, encodeSnapshot(this.#read()));
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      if (this.#failures === 1) this.#log.error({ err: error }, 'the snapshot of the directory cannot be written; tried again');
      this.changed();
    }
  }
}

function encodeSnapshot({ lives, replays }: DirectoryRecords): string {
  const body = JSON.stringify({ version: VERSION, lives, replays });
  return `${digest(body)}\n${body}\n`;
}

function decodeSnapshot(text: string): DirectoryRecords {
  const [sum, body = ''] = text.split('\n');
  if (digest(body) !== sum) throw new Error('not whole');
  const { version, lives, replays } = JSON.parse(body) as DirectoryRecords & { version: number };
  if (version !== VERSION) throw new Error('of another version');
  return { lives, replays };
}

function digest(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}

/** In one step, or not at all. */
async function replaceFile(file: string, text: string): Promise<void> {
  const fresh = `${file}.new`;
  const handle = await open(fresh, 'w', 0o600);
  try {
    await handle.chmod(0o600); // of a file that was left there, too
    await handle.writeFile(text);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(fresh, file);
  const directory = await open(dirname(file), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
