import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A running PostgreSQL server process, our child or one that an earlier run of us left behind. */
export interface Postmaster {
  readonly pid: number;
  /** Resolves once the process is gone. */
  readonly exited: Promise<void>;
}

/** What `postmaster.pid` tells (PostgreSQL's pidfile.h). */
export interface PidFile {
  readonly pid: number;
  readonly port: number;
  readonly socketDirectory: string;
  readonly ready: boolean;
}

export async function readPidFile(cluster: string): Promise<PidFile | null> {
  const text = await readFile(`${cluster}/postmaster.pid`, 'utf8').catch(() => '');
  const lines = text.split('\n');
  const pid = Number.parseInt(lines[0], 10);
  if (!Number.isInteger(pid) || pid <= 1) return null;
  return { pid, port: Number(lines[3]), socketDirectory: lines[4] ?? '', ready: lines[7]?.trim() === 'ready' };
}

/** True when the process lives and is a PostgreSQL on this cluster: after a reboot its number may belong to anyone. */
export async function isPostmasterOf(cluster: string, pid: number): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (process.platform !== 'linux') return true;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return commandLine.split('\0').includes(cluster);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Watches a process that is not our child. */
export function adopt(cluster: string, pid: number): Postmaster {
  const gone = async (): Promise<void> => {
    while (await isPostmasterOf(cluster, pid)) await sleep(200); // also over when it waits, dead, for a parent to notice
  };
  return { pid, exited: gone() };
}

/** Fast stop, and harder when that takes too long. */
export async function stopPostmaster({ pid, exited }: Postmaster): Promise<void> {
  for (const [signal, patienceMs] of [
    ['SIGINT', 15_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return; // gone
    }
    const timer = new AbortController();
    const late = sleep(patienceMs, 'late', { signal: timer.signal }).catch(() => 'late');
    const outcome = await Promise.race([exited, late]);
    timer.abort();
    if (outcome !== 'late') return;
  }
}
