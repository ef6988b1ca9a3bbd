import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { explainDataDirectory, StartError } from './start-error.ts';

const BUSY = 'Stop it, or give this one a directory of its own with --data-dir.';
const CLAIM_FILE = 'server.pid';

/**
 * Makes the data directory and claims it for this process; gives its absolute path and what ends the claim. The claim of a process that
 * was killed is void. Throws StartError.
 */
export function claimDataDirectory(dataDir: string): { directory: string; release: () => void } {
  const directory = resolve(dataDir);
  try {
    mkdirSync(directory, { recursive: true });
    return { directory, release: claim(directory) };
  } catch (error) {
    throw explainDataDirectory(error, directory);
  }
}

/** The process that works in the data directory now, or null. */
export function dataDirectoryHolder(dataDir: string): number | null {
  const [pid, birth] = readClaim(join(resolve(dataDir), CLAIM_FILE));
  return birth !== '' && processBirth(pid) === birth ? pid : null;
}

function claim(directory: string): () => void {
  const file = join(directory, CLAIM_FILE);
  const mine = `${process.pid} ${processBirth(process.pid)}\n`;
  for (let tries = 0; !tryWrite(file, mine); tries += 1) {
    const [pid, birth] = readClaim(file);
    if (tries === 3 || (pid !== process.pid && birth !== '' && processBirth(pid) === birth)) {
      throw new StartError(`data-dir: ${directory} is in use by another Reprise server (process ${pid}). ${BUSY}`);
    }
    rmSync(file, { force: true });
  }
  // Only what is still ours: somebody may have mended things by hand.
  return () => {
    if (readFileSync(file, 'utf8') === mine) rmSync(file, { force: true });
  };
}

/** False when there is such a file already. */
function tryWrite(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readClaim(file: string): [number, string] {
  try {
    const [pid, birth] = readFileSync(file, 'utf8').trim().split(' ');
    return [Number(pid), birth ?? ''];
  } catch {
    return [0, '']; // gone meanwhile, or not readable: no claim
  }
}

/** What tells a process from a later one of the same number; empty when there is no such process, or it is dead. */
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
    // From field 3 on (proc(5)); the name in parentheses may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // Dead, and its parent has not noticed. While more than one thread is counted, another may still be in a write.
    if (fields[0] === 'Z' && Number(fields[17]) <= 1) return '';
    return fields[19] ?? ''; // start time in ticks since boot
  } catch {
    return '';
  }
}
