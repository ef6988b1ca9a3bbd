import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, rmdir, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const run = promisify(execFile);

/** This machine does not let us do what the drill needs: told as it is, exit code 3. */
export class CannotDrill extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CannotDrill';
  }
}

/** A small file system of our own. */
export interface OwnDisk {
  readonly directory: string;
  /** Takes it away, with all that is on it; idempotent. Nobody may work on it any more. */
  remove(): Promise<void>;
}

/** A mount point that another user, who PostgreSQL runs as, can get through. */
export async function makeMountPoint(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'reprise-drill-disk-'));
  await chmod(directory, 0o755);
  return directory;
}

/** A file system in memory with this much room. */
export async function mountMemory(bytes: number): Promise<OwnDisk> {
  const directory = await makeMountPoint();
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0755`, 'reprise-drill', directory]);
  } catch (cause) {
    await rmdir(directory);
    throw new CannotDrill(`a file system cannot be mounted here: ${(cause as Error).message.trim()}`, { cause });
  }
  return { directory, remove: () => unmount(directory) };
}

/** A file system that somebody mounted for us, and takes away. */
export function mountedDisk(directory: string): OwnDisk {
  return { directory, remove: async () => {} };
}

/** Idempotent. What still works on it for a moment is waited for; then it is taken away under their hands. */
export async function unmount(directory: string, { keep = false } = {}): Promise<void> {
  for (let tries = 20; await isMounted(directory); tries -= 1) {
    await run('umount', tries > 0 ? [directory] : ['--lazy', directory]).catch((error: Error) => {
      if (tries === 0) throw error;
    });
    if (await isMounted(directory)) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  if (!keep) await rm(directory, { recursive: true, force: true });
}

/** Asked of the kernel: a directory that is not what its parent lies on. */
async function isMounted(directory: string): Promise<boolean> {
  return run('mountpoint', ['-q', directory]).then(
    () => true,
    () => false,
  );
}

export async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
