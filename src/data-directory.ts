import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Another server works in this data directory. */
export class DataDirectoryBusy extends Error {
  constructor(directory: string, pid: number) {
    super(`${directory} is in use by another Reprise server (process ${pid}). Stop it, or give this one a data directory of its own.`);
    this.name = 'DataDirectoryBusy';
  }
}

/**
 * Makes the data directory and claims it for this process; gives its absolute path and what ends the claim. The claim of a process that
 * was killed is void. Throws DataDirectoryBusy.
 */
export function claimDataDirectory(dataDir: string): { directory: string; release: () => void } {
  const directory = resolve(dataDir);
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'server.pid');
  const mine = `${process.pid} ${processBirth(process.pid)}\n`;
  for (let tries = 0; ; tries += 1) {
    try {
      writeFileSync(file, mine, { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || tries === 3) throw error;
    }
    const [pid, birth] = readClaim(file);
    if (pid !== process.pid && birth !== '' && processBirth(pid) === birth) throw new DataDirectoryBusy(directory, pid);
    rmSync(file, { force: true });
  }
  return { directory, release: () => rmSync(file, { force: true }) };
}

function readClaim(file: string): [number, string] {
  try {
    const [pid, birth] = readFileSync(file, 'utf8').trim().split(' ');
    return [Number(pid), birth ?? ''];
  } catch {
    return [0, '']; // gone meanwhile, or not readable: no claim
  }
}

/** What tells a process from a later one of the same number; empty when there is no such process. */
function processBirth(pid: number): string {
  if (process.platform !== 'linux') {
    try {
      process.kill(pid, 0);
      return 'alive';
    } catch {
      return '';
    }
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Field 22 (proc(5)): start time in ticks since boot; the name in parentheses may hold spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
