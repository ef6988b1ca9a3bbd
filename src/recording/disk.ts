import { close, open, writev } from 'node:fs';

/** What recordings ask of the disk. Each call answers later, once, and does not throw. */
export interface Disk {
  open(path: string, flags: string, mode: number, done: (error: Error | null, descriptor: number) => void): void;
  /** Writes behind what the file has; `written` may be less than there was. */
  writev(descriptor: number, buffers: readonly Uint8Array[], done: (error: Error | null, written: number) => void): void;
  close(descriptor: number, done: (error: Error | null) => void): void;
}

/** The disk as Node's own pool of threads serves it. */
export const DISK: Disk = {
  open: (path, flags, mode, done) => open(path, flags, mode, done),
  writev: (descriptor, buffers, done) => writev(descriptor, buffers, done),
  close: (descriptor, done) => close(descriptor, done),
};
