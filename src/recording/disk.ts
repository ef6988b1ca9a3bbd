import { close, open, writev } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { FILE_MODE } from './file-order.ts';
import type { FileOrder } from './file-order.ts';

/** What recordings ask of the disk. Each call answers later, once, and does not throw. */
export interface Disk {
  open(path: string, flags: string, mode: number, done: (error: Error | null, descriptor: number) => void): void;
  /** Writes behind what the file has; `written` may be less than there was. */
  writev(descriptor: number, buffers: readonly Uint8Array[], done: (error: Error | null, written: number) => void): void;
  close(descriptor: number, done: (error: Error | null) => void): void;
  /** Does several things in one go; `descriptors` are those of the files that were appended to, none after an error. */
  order(order: FileOrder, done: (error: Error | null, descriptors: readonly number[]) => void): void;
}

/** The disk as Node's own pool of threads serves it. */
export const DISK: Disk = {
  open: (path, flags, mode, done) => open(path, flags, mode, done),
  writev: (descriptor, buffers, done) => writev(descriptor, buffers, done),
  close: (descriptor, done) => close(descriptor, done),
  order: (order, done) => {
    carryOut(order, DISK).then(
      (descriptors) => done(null, descriptors),
      (error: unknown) => done(error as Error, []),
    );
  },
};

/** As carryOutSync, one call after the other. */
async function carryOut({ make, append = [], close = [] }: FileOrder, disk: Disk): Promise<number[]> {
  const opened: number[] = [];
  const files: number[] = [];
  try {
    if (make !== undefined) {
      await mkdir(make.directory, { recursive: true });
      try {
        await writeFile(make.path, make.text);
      } catch (error) {
        await rm(make.path, { force: true }).catch(() => undefined);
        throw error;
      }
    }
    for (const { path, flags, descriptor, bytes } of append) {
      const file = descriptor < 0 ? await opening(disk, path, flags) : descriptor;
      if (descriptor < 0) opened.push(file);
      files.push(file);
      for (let at = 0; at < bytes.length;) at += await writing(disk, file, bytes.subarray(at));
    }
    return files;
  } catch (error) {
    for (const file of opened) await closing(disk, file);
    throw error;
  } finally {
    for (const file of close) await closing(disk, file);
  }
}

function opening(disk: Disk, path: string, flags: string): Promise<number> {
  return new Promise((resolve, reject) => {
    disk.open(path, flags, FILE_MODE, (error, descriptor) => (error === null ? resolve(descriptor) : reject(error)));
  });
}

function writing(disk: Disk, descriptor: number, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    disk.writev(descriptor, [bytes], (error, written) => (error === null ? resolve(written) : reject(error)));
  });
}

function closing(disk: Disk, descriptor: number): Promise<void> {
  return new Promise((resolve) => disk.close(descriptor, () => resolve()));
}
