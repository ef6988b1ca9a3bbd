import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import type { TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

/** `short`: only the first half of what is to be written is; where a call can not tell of that, the disk is full for the rest. */

export type FileFaultKind = 'EIO' | 'ENOSPC' | 'short';

export interface FileFault {
  readonly kind: FileFaultKind;
  /** Which operation fails, 1 being the first: this one, or the next that can fail so. */
  readonly at: number;
  /** Those after it fail too, until `heal`. */
  readonly lasting: boolean;
}

/** One operation on a file as the room asked for it. */
export interface FileOperation {
  readonly name: string;
  /** Below the directory. */
  readonly path: string;
  /** Takes room on the disk: may find it full. */
  readonly takesRoom: boolean;
  /** May do less than it was asked to. */
  readonly writes: boolean;
}

/** Hundreds of stories of a hundred files each: where there is a file system in memory, none of them waits for a disk. */
export const IN_MEMORY = fs.existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

type Call = (...args: unknown[]) => unknown;
type Callback = (error: Error | null, result?: unknown) => void;

const TAKING_ROOM = new Set(['mkdir', 'rename', 'writeFile', 'write', 'writev', 'datasync', 'sync']);
const WRITING = new Set(['writeFile', 'write', 'writev']);
/** Of `node:fs/promises`, and of its file handles: all that src/recording, src/lives and src/ledger use. */
const CALLS = ['mkdir', 'readFile', 'writeFile', 'rename', 'readdir', 'stat', 'statfs', 'rm'] as const;
const HANDLE_CALLS = [
  'read',
  'readFile',
  'write',
  'writeFile',
  'truncate',
  'utimes',
  'stat',
  'datasync',
  'sync',
  'close',
] as const;

/** What is below a directory: its operations are numbered, and one of them fails, or all from one on. */
export class FaultyDisk {
  readonly directory: string;
  readonly operations: FileOperation[] = [];
  fault: FileFault | null;
  /** How many operations have failed. */
  struck = 0;
  /** Operations that are not over yet. */
  underWay = 0;
  /** Nothing counts and nothing fails for a while. */
  paused = false;

  constructor(directory: string, fault: FileFault | null) {
    this.directory = directory;
    this.fault = fault;
  }

  /** The disk is well again. */
  heal(): void {
    this.fault = null;
  }

  /** What this operation is to fail with; null: it is done. */
  next(name: string, path: string, takesRoom: boolean): FileFaultKind | null {
    if (this.paused) return null;
    const operation = { name, path: relative(this.directory, path), takesRoom, writes: WRITING.has(name) };
    this.operations.push(operation);
    const { fault, struck } = this;
    if (fault === null || this.operations.length < fault.at || (struck > 0 && !fault.lasting)) return null;
    // A disk that took half of something is full.
    const kind = fault.kind === 'short' && struck > 0 ? 'ENOSPC' : fault.kind;
    if (!canFail(operation, kind)) return null;
    this.struck += 1;
    return kind;
  }

  /** Resolves when no operation is under way, and none follows from those that were. */
  async quiet(): Promise<void> {
    for (let still = 0; still < 4; still += 1) {
      const { length } = this.operations;
      await turn();
      if (this.underWay > 0 || this.operations.length !== length) still = -1;
    }
  }
}

/** Stands between the rooms and their files: those on a faulty disk fail as it says, all others are left alone. */
export class FaultyFiles {
  readonly #disks = new Set<FaultyDisk>();
  readonly #descriptors = new Map<number, string>();
  readonly #undo: (() => void)[] = [];

  /** Until the test is over. */
  static install(t: TestContext): FaultyFiles {
    const files = new FaultyFiles();
    t.after(() => files.#restore());
    return files;
  }

  private constructor() {
    const promises = fsPromises as unknown as Record<string, Call>;
    for (const name of CALLS) {
      this.#replace(promises, name, (real, path, ...args) => this.#promise(name, String(path), args, () => real(path, ...args)));
    }
    this.#replace(promises, 'open', (real, path, ...args) => this.#openHandle(real, String(path), args));
    const callbacks = fs as unknown as Record<string, Call>;
    this.#replace(callbacks, 'open', (real, path, ...args) => this.#open(real, String(path), args));
    this.#replace(callbacks, 'truncate', (real, path, ...args) =>
      this.#callback('truncate', String(path), args, (...given) => real(path, ...given)),
    );
    for (const name of ['writev', 'close']) {
      this.#replace(callbacks, name, (real, descriptor, ...args) => {
        const path = this.#descriptors.get(descriptor as number) ?? '';
        if (name === 'close') this.#descriptors.delete(descriptor as number);
        return this.#callback(name, path, args, (...given) => real(descriptor, ...given));
      });
    }
    syncBuiltinESMExports();
  }

  add(disk: FaultyDisk): void {
    this.#disks.add(disk);
  }

  remove(disk: FaultyDisk): void {
    this.#disks.delete(disk);
  }

  #diskOf(path: string): FaultyDisk | null {
    for (const disk of this.#disks) if (path.startsWith(`${disk.directory}${sep}`)) return disk;
    return null;
  }

  #replace(owner: Record<string, Call>, name: string, call: (real: Call, ...args: unknown[]) => unknown): void {
    const real = owner[name];
    this.#undo.push(() => (owner[name] = real));
    owner[name] = (...args: unknown[]) => call(real.bind(owner), ...args);
  }

  #restore(): void {
    for (const undo of this.#undo) undo();
    syncBuiltinESMExports();
  }

  async #promise(
    name: string,
    path: string,
    args: readonly unknown[],
    real: () => unknown,
    onHandle: Call | null = null,
  ): Promise<unknown> {
    const disk = this.#diskOf(path);
    if (disk === null) return await real();
    const kind = disk.next(name, path, TAKING_ROOM.has(name));
    disk.underWay += 1;
    try {
      if (kind === null) return await real();
      // What is closed is closed, whatever close says.
      if (name === 'close') await real();
      if (kind === 'short' && name === 'writeFile') fs.writeFileSync(path, half(args[0]));
      if (kind === 'short' && name === 'write' && onHandle !== null) {
        const [bytes, offset, length, position] = args as [Uint8Array, number, number, number];
        return await onHandle(bytes, offset, Math.ceil(length / 2), position);
      }
      throw errorOf(kind, name, path);
    } finally {
      disk.underWay -= 1;
    }
  }

  #callback(name: string, path: string, args: unknown[], real: Call): unknown {
    const disk = this.#diskOf(path);
    if (disk === null) return real(...args);
    const kind = disk.next(name, path, TAKING_ROOM.has(name) || name === 'open');
    const done = args.pop() as Callback;
    disk.underWay += 1;
    const over: Callback = (error, result) => {
      disk.underWay -= 1;
      done(error, result);
    };
    if (kind === null) return real(...args, over);
    if (kind === 'short') return real([half(Buffer.concat(args[0] as Uint8Array[]))], over);
    if (name === 'close') return real(() => over(errorOf(kind, name, path)));
    return setImmediate(() => over(errorOf(kind, name, path)));
  }

  #open(real: Call, path: string, args: unknown[]): unknown {
    const done = args.pop() as Callback;
    const noted: Callback = (error, descriptor) => {
      if (error === null && this.#diskOf(path) !== null) this.#descriptors.set(descriptor as number, path);
      done(error, descriptor);
    };
    return this.#callback('open', path, [...args, noted], (...given) => real(path, ...given));
  }

  async #openHandle(real: Call, path: string, args: readonly unknown[]): Promise<unknown> {
    const disk = this.#diskOf(path);
    if (disk === null) return await real(path, ...args);
    const [flags = 'r'] = args;
    const creates = typeof flags === 'number' ? (flags & fs.constants.O_CREAT) !== 0 : !String(flags).startsWith('r');
    const kind = disk.next('open', path, creates);
    disk.underWay += 1;
    try {
      if (kind !== null) throw errorOf(kind, 'open', path);
      const handle = (await real(path, ...args)) as FileHandle;
      const calls = handle as unknown as Record<string, Call>;
      for (const name of HANDLE_CALLS) {
        const call = calls[name].bind(handle);
        calls[name] = (...given) => this.#promise(name, path, given, () => call(...given), call);
      }
      return handle;
    } finally {
      disk.underWay -= 1;
    }
  }
}

/** Whether an operation can come to this end at all: who reads finds no disk full. */
export function canFail(operation: FileOperation, kind: FileFaultKind): boolean {
  return kind === 'EIO' || (kind === 'ENOSPC' ? operation.takesRoom : operation.writes);
}

function half(bytes: unknown): Uint8Array {
  const all = typeof bytes === 'string' ? Buffer.from(bytes) : (bytes as Uint8Array);
  return all.subarray(0, Math.floor(all.length / 2));
}

function errorOf(kind: FileFaultKind, call: string, path: string): Error {
  const code = kind === 'EIO' ? 'EIO' : 'ENOSPC';
  return Object.assign(new Error(`${code}: made up, ${call} '${path}'`), { code, syscall: call, path });
}

/** Files below a directory that this process has open. */
export function openBelow(directory: string): string[] {
  const open: string[] = [];
  for (const descriptor of fs.readdirSync('/proc/self/fd')) {
    try {
      const path = fs.readlinkSync(join('/proc/self/fd', descriptor));
      if (path.startsWith(`${directory}${sep}`)) open.push(path);
    } catch {
      // it was the one that the directory is read with
    }
  }
  return open;
}
