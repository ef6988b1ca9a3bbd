import { constants } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import { decodeLine, encodeLine } from './line.ts';
import type { FileHandle } from 'node:fs/promises';
import type { SessionFact } from './session-fact.ts';

/** A fact and its place in the order of all facts. */
export interface Entry {
  readonly number: number;
  readonly fact: SessionFact;
}

/** What a line may say: a fact, or that all facts up to a number are in the database. */
export type Line = Entry | { readonly applied: number };

/** What the file held when it was opened. */
export interface FileContent {
  readonly entries: Entry[];
  readonly applied: number;
  /** Whole lines that are not as they were written: bad sectors, or somebody's editor. */
  readonly damaged: string[];
  /** Bytes of a last line that was never finished; they are cut off. */
  readonly tornBytes: number;
}

/** An append-only file of checked lines. One caller at a time; what failed may be called again. */
export class FactFile {
  static async open(file: string): Promise<{ file: FactFile; content: FileContent }> {
    const handle = await open(file, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      const bytes = await handle.readFile();
      const wholeBytes = bytes.lastIndexOf(0x0a) + 1;
      await syncDirectory(file);
      const opened = new FactFile(file, handle, wholeBytes);
      if (wholeBytes < bytes.length) await handle.truncate(wholeBytes);
      return { file: opened, content: readContent(bytes.toString('utf8', 0, wholeBytes), bytes.length - wholeBytes) };
    } catch (error) {
      await handle.close().catch(() => undefined); // the first error is the one to tell
      throw error;
    }
  }

  /** Length of what is certainly on disk. */
  bytes: number;
  readonly #path: string;
  #handle: FileHandle;
  #dirty = false;

  private constructor(file: string, handle: FileHandle, bytes: number) {
    this.#path = file;
    this.#handle = handle;
    this.bytes = bytes;
  }

  /** Resolves when the lines are on disk. After an error the next call first removes what part of them is there. */
  async append(lines: readonly Line[]): Promise<void> {
    const bytes = encodeLines(lines);
    if (this.#dirty) await this.#handle.truncate(this.bytes);
    this.#dirty = true;
    await writeAll(this.#handle, bytes, this.bytes);
    await this.#handle.datasync();
    this.#dirty = false;
    this.bytes += bytes.length;
  }

  /** Puts these lines in the place of all others: in one step, or not at all. */
  async replace(lines: readonly Line[]): Promise<void> {
    const fresh = `${this.#path}.new`;
    const handle = await open(fresh, 'w', 0o600);
    const bytes = encodeLines(lines);
    try {
      await writeAll(handle, bytes, 0);
      await handle.datasync();
      await rename(fresh, this.#path);
    } catch (error) {
      await handle.close().catch(() => undefined);
      throw error;
    }
    const former = this.#handle;
    this.#handle = handle;
    this.bytes = bytes.length;
    this.#dirty = false;
    await former.close();
    await syncDirectory(this.#path);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

function encodeLines(lines: readonly Line[]): Buffer {
  return Buffer.from(lines.map((line) => `${encodeLine(line)}\n`).join(''));
}

function readContent(text: string, tornBytes: number): FileContent {
  const lines = text.split('\n').slice(0, -1);
  const entries: Entry[] = [];
  const damaged: string[] = [];
  let applied = 0;
  for (const line of lines) {
    const value = decodeLine(line) as Line | null;
    if (value === null) damaged.push(line);
    else if ('applied' in value) applied = Math.max(applied, value.applied);
    else entries.push(value);
  }
  return { entries, applied, damaged, tornBytes };
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += (await handle.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
  }
}

/** A new name is durable once its directory is. */
async function syncDirectory(file: string): Promise<void> {
  const directory = await open(path.dirname(file), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
