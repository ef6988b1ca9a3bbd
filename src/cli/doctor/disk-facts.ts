import { open, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** The file system that a directory is on, or will be. */
export interface DiskFacts {
  readonly directory: string;
  readonly exists: boolean;
  /** Why nothing can be written there, or null. */
  readonly problem: string | null;
  /** Such as `ext4`; a hexadecimal number when it is unknown. */
  readonly type: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Files that can still be made, or null where there is no such limit. */
  readonly freeFiles: number | null;
  /** What it takes to make 4 kB durable: median and longest of a few. */
  readonly syncMs: { readonly median: number; readonly longest: number } | null;
}

/** statfs(2), f_type. */
const TYPES = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x2fc12fc1, 'zfs'],
  [0xf2f52010, 'f2fs'],
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
  [0x794c7630, 'overlay'],
  [0x6969, 'nfs'],
  [0xff534d42, 'cifs'],
  [0xfe534d42, 'smb2'],
  [0x01021997, '9p'],
  [0x65735546, 'fuse'],
  [0x00c36400, 'ceph'],
  [0x4d44, 'vfat'],
]);

const SYNC_TRIES = 30;
const SYNC_WITHIN_MS = 500;

/** Looks at the file system of a directory; writes and removes a small file. */
export async function readDisk(directory: string): Promise<DiskFacts> {
  const wanted = resolve(directory);
  const place = await nearestExisting(wanted);
  const { type, bavail, blocks, bsize, files, ffree } = await statfs(place);
  const facts = {
    directory: wanted,
    exists: place === wanted,
    type: TYPES.get(type) ?? `0x${type.toString(16)}`,
    freeBytes: bavail * bsize,
    totalBytes: blocks * bsize,
    freeFiles: files === 0 ? null : ffree,
  };
  try {
    return { ...facts, problem: null, syncMs: await measureSync(place) };
  } catch (error) {
    return { ...facts, problem: (error as Error).message, syncMs: null };
  }
}

async function nearestExisting(directory: string): Promise<string> {
  for (let place = directory; ; place = dirname(place)) {
    const found = await stat(place).catch(() => null);
    if (found !== null || place === dirname(place)) return place;
  }
}

async function measureSync(directory: string): Promise<{ median: number; longest: number }> {
  const file = join(directory, `.reprise-doctor-${process.pid}`);
  const handle = await open(file, 'wx', 0o600);
  try {
    const block = new Uint8Array(4096);
    const times: number[] = [];
    const until = performance.now() + SYNC_WITHIN_MS;
    while (times.length < SYNC_TRIES && (times.length === 0 || performance.now() < until)) {
      const began = performance.now();
      await handle.write(block);
      await handle.datasync();
      times.push(performance.now() - began);
    }
    times.sort((a, b) => a - b);
    return { median: times[Math.floor(times.length / 2)], longest: times[times.length - 1] };
  } finally {
    await handle.close();
    await rm(file, { force: true });
  }
}
