import { chmod, chown, lchown, mkdir, mkdtemp, readdir, realpath, rmdir, stat, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { canUse, databaseAccount } from './account.ts';
import type { Account } from './account.ts';
import type { Logger } from '../../log.ts';

/** Where root keeps what PostgreSQL's own user must reach, when the data directory cannot be reached. */
export const ROOT_STATE_DIRECTORY = '/var/lib/reprise';

/** A directory that PostgreSQL's user owns, and that user (null: ourselves). */
export interface Home {
  readonly directory: string;
  readonly account: Account | null;
}

/**
 * Makes `directory` usable by the user that PostgreSQL runs as, nobody else. As root under a closed directory (/root), the data goes to
 * {@link ROOT_STATE_DIRECTORY} and `directory` becomes a link to it.
 */
export async function prepareHome(directory: string, log: Logger): Promise<Home> {
  const account = await databaseAccount();
  await mkdir(path.dirname(directory), { recursive: true });
  await mkdir(directory, { mode: 0o700 }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
  const real = await realpath(directory).catch((cause: unknown) => {
    throw new Error(`${directory} is a link to a place that is gone. Bring it back, or remove the link to begin anew.`, {
      cause,
    });
  });
  if (account === null) {
    if (!(await canUse(null, real))) throw new Error(`The database in ${real} belongs to another user: start as that user.`);
    await chmod(real, 0o700);
    return { directory: real, account };
  }

  const owner = await stat(real);
  const used = owner.uid === 0 ? account : { uid: owner.uid, gid: owner.gid };
  if (owner.uid === 0) await chownTree(real, used);
  await chmod(real, 0o700);
  if (await canUse(used, real)) return { directory: real, account: used };
  await openParent(path.dirname(real), used);
  if (await canUse(used, real)) return { directory: real, account: used };
  if ((await readdir(real)).length > 0) {
    throw new Error(
      `PostgreSQL runs as user ${used.uid}, who cannot reach ${real}. Move the data directory, or open its parents (chmod o+x).`,
    );
  }
  await mkdir(ROOT_STATE_DIRECTORY, { recursive: true, mode: 0o755 });
  const elsewhere = await mkdtemp(path.join(ROOT_STATE_DIRECTORY, 'postgres-'));
  await chown(elsewhere, used.uid, used.gid);
  await rmdir(real);
  await symlink(elsewhere, directory);
  log.warn(
    { directory, elsewhere },
    'PostgreSQL cannot run as root and its user cannot reach the data directory: its data is elsewhere',
  );
  return { directory: elsewhere, account: used };
}

/** The data directory itself may be closed to others (mkdtemp, umask 077): lets the account's group through, and no further. */
async function openParent(parent: string, account: Account): Promise<void> {
  if (parent === homedir() || parent === path.dirname(parent)) return;
  const { uid, gid, mode } = await stat(parent);
  if (uid !== 0 || (gid !== 0 && gid !== account.gid)) return;
  await chown(parent, 0, account.gid);
  await chmod(parent, (mode & 0o7707) | 0o010);
}

async function chownTree(directory: string, { uid, gid }: Account): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    await lchown(path.join(entry.parentPath, entry.name), uid, gid);
  }
  await chown(directory, uid, gid);
}
