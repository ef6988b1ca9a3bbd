import { close, open, writev } from 'node:fs';
import { carryOut } from './file-order.ts';
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
