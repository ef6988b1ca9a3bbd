import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

/** The user that PostgreSQL runs as: it refuses to run as root. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const run = promisify(execFile);

/** The user to switch to, or null when this process is not root and PostgreSQL runs as the same user. */
export async function databaseAccount(): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  // Only users with a passwd entry will do: PostgreSQL looks its own name up.
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
      return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
    } catch {
      continue;
    }
  }
  throw new Error('PostgreSQL does not run as root, and there is no user "postgres" or "nobody" to run it as.');
}

/** Outcome of a program that ran to its end. */
export interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program as the account, from /, with a bare environment; a program that cannot be started has code null. */
export async function runAs(account: Account | null, file: string, args: readonly string[]): Promise<Outcome> {
  const child = spawn(file, args, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], env: bareEnvironment(), ...account });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output };
  } catch (error) {
    return { code: null, output: String(error) };
  }
}

/** True when the account can list and write the directory: tried, not computed from mode bits. */
export async function canUse(account: Account | null, directory: string): Promise<boolean> {
  const { code } = await runAs(account, '/bin/sh', ['-c', 'cd "$1" && test -r . && test -w .', 'sh', directory]);
  return code === 0;
}

/** Our own PG… and LD_… variables must not steer the server. */
export function bareEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' };
}
