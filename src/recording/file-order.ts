import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';

/** Files of recordings are for their owner and group. */
export const FILE_MODE = 0o640;

/** Bytes for the end of a file, which stays open; it is opened where `descriptor` is below 0. */
export interface OrderedAppend {
  readonly path: string;
  /** `ax`: only if there is none yet. */
  readonly flags: 'a' | 'ax';
  readonly descriptor: number;
  readonly bytes: Uint8Array;
}

/** What is done to files in one go, in this order, up to the first thing that fails. */
export interface FileOrder {
  /** A directory to be made, and a file in it to be written whole: what fails there is removed, for what is torn is worth nothing. */
  readonly make?: { readonly directory: string; readonly path: string; readonly text: string };
  /** Two at the most. */
  readonly append?: readonly OrderedAppend[];
  /** Descriptors that are closed in the end, whatever fails. */
  readonly close?: readonly number[];
}

/** Carries an order out in place; gives the descriptors of the files that were appended to. When it throws, no file that it opened is open. */
export function carryOutSync({ make, append = [], close = [] }: FileOrder): number[] {
  const opened: number[] = [];
  try {
    if (make !== undefined) {
      mkdirSync(make.directory, { recursive: true });
      try {
        writeFileSync(make.path, make.text);
      } catch (error) {
        quietly(() => rmSync(make.path, { force: true })); // the first error is the one to tell
        throw error;
      }
    }
    return append.map(({ path, flags, descriptor, bytes }) => {
      const file = descriptor < 0 ? openSync(path, flags, FILE_MODE) : descriptor;
      if (descriptor < 0) opened.push(file);
      writeFileSync(file, bytes); // a short write is gone on with
      return file;
    });
  } catch (error) {
    for (const file of opened) quietly(() => closeSync(file));
    throw error;
  } finally {
    for (const file of close) quietly(() => closeSync(file));
  }
}

/** What is closed is closed, whatever close says; what can not be removed stays. */
function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // nobody can do anything about it
  }
}
