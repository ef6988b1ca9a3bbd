import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { promisify } from 'node:util';

/** The machine, the limits it sets, and what is installed; null for what it does not tell. */
export interface MachineFacts {
  readonly nodeVersion: string;
  /** Of the running server, or of this process. */
  readonly openFiles: { readonly limit: number; readonly ofServer: boolean } | null;
  /** Of the machine, or of the container. */
  readonly memoryBytes: number;
  readonly cores: number;
  readonly year: number;
  readonly timeZones: boolean;
  readonly ffmpeg: string | null;
  /** net.core.somaxconn and net.ipv4.tcp_max_syn_backlog. */
  readonly acceptQueue: number | null;
  readonly handshakeQueue: number | null;
}

/** Looks at this machine; `server` is the process id of a Reprise that runs. */
export async function readMachine(
  server: number | null,
  env: Readonly<Record<string, string | undefined>>,
): Promise<MachineFacts> {
  const contained = process.constrainedMemory();
  const [openFiles, ffmpeg, acceptQueue, handshakeQueue] = await Promise.all([
    readOpenFiles(server),
    findFfmpeg(env['PATH']),
    readNumber('/proc/sys/net/core/somaxconn'),
    readNumber('/proc/sys/net/ipv4/tcp_max_syn_backlog'),
  ]);
  return {
    nodeVersion: process.versions.node,
    openFiles,
    memoryBytes: contained > 0 ? Math.min(contained, totalmem()) : totalmem(),
    cores: availableParallelism(),
    year: new Date().getFullYear(),
    timeZones: knowsTimeZones(),
    ffmpeg,
    acceptQueue,
    handshakeQueue,
  };
}

async function readOpenFiles(server: number | null): Promise<MachineFacts['openFiles']> {
  const read = async (pid: number | 'self'): Promise<number | null> => {
    const text = await readFile(`/proc/${pid}/limits`, 'utf8').catch(() => '');
    const limit = /^Max open files +(\d+|unlimited)/m.exec(text)?.[1];
    return limit === undefined ? null : limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit);
  };
  const ofServer = server === null ? null : await read(server);
  if (ofServer !== null) return { limit: ofServer, ofServer: true };
  const limit = await read('self');
  return limit === null ? null : { limit, ofServer: false };
}

async function findFfmpeg(path: string | undefined): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)('ffmpeg', ['-version'], { timeout: 5_000, env: { PATH: path } });
    return /^ffmpeg version (\S+)/.exec(stdout)?.[1] ?? 'of an unknown version';
  } catch {
    return null;
  }
}

async function readNumber(file: string): Promise<number | null> {
  const value = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
  return Number.isNaN(value) ? null : value;
}

function knowsTimeZones(): boolean {
  try {
    const noon = new Date('2026-07-01T12:00:00Z');
    return (
      new Intl.DateTimeFormat('en', { timeZone: 'Asia/Kolkata', hour: '2-digit', minute: '2-digit', hour12: false }).format(
        noon,
      ) === '17:30'
    );
  } catch {
    return false;
  }
}
