import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import type { CommandIo } from '../command-io.ts';
import { CannotDrill, makeMountPoint, run } from './own-disk.ts';

/** Names the file system that was mounted for the drill in its namespace. */
export const MOUNTED = 'REPRISE_DRILL_DISK';

const REPRISE = new URL('../reprise.ts', import.meta.url).pathname;
/** Mounts as root of the namespace, and goes on as the user that we are: PostgreSQL does not run as root. */
const SCRIPT = `mount -t tmpfs -o "size=$1,mode=0777" reprise-drill "$2" || exit 3
uid=$3 gid=$4; shift 4; exec unshare --user --map-user="$uid" --map-group="$gid" -- "$@"`;

/** The same drill once more, in a user and mount namespace that has a file system of its own: for who is not root. The mount ends with it. */
export async function drillInNamespace(args: readonly string[], bytes: number, io: CommandIo): Promise<number> {
  await run('unshare', ['-rm', 'true']).catch((cause: Error) => {
    throw new CannotDrill(
      `the disk drill mounts a file system: it must be root, or may make user namespaces (${cause.message.trim()})`,
      { cause },
    );
  });
  const directory = await makeMountPoint();
  try {
    const ids = [process.getuid?.() ?? 0, process.getgid?.() ?? 0].map(String);
    const inside = ['-rm', 'sh', '-c', SCRIPT, 'sh', String(bytes), directory, ...ids, process.execPath, REPRISE, 'drill'];
    const child = spawn('unshare', [...inside, ...args], {
      env: { ...io.env, [MOUNTED]: directory },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    child.stdout.setEncoding('utf8').on('data', io.out);
    child.stderr.setEncoding('utf8').on('data', io.err);
    const stop = (): void => void child.kill('SIGINT');
    io.signal.addEventListener('abort', stop, { once: true });
    return await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve(code ?? 1));
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
