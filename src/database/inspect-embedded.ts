import { readFile, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { createLog } from '../log.ts';
import { EmbeddedPostgres } from './embedded-postgres.ts';
import { databaseAccount } from './embedded/account.ts';
import { isPostmasterOf, readPidFile } from './embedded/postmaster.ts';
import { explainUnreachable, inspectDatabase } from './inspect.ts';
import type { DatabaseFacts } from './inspect.ts';

/** Whether and how the PostgreSQL of the data directory runs. */
export interface EmbeddedFacts {
  /** Process id of the server that runs there now, or null. */
  readonly pid: number | null;
  /** The user that it runs as when we are root, or null. */
  readonly uid: number | null;
  /** Major version that the existing data is of, or null when there is none yet. */
  readonly dataMajor: number | null;
  /** Of the running server, or else of one that was started on trial and removed; null when that failed. */
  readonly facts: DatabaseFacts | null;
  /** Why it does not run. */
  readonly problem: string | null;
  readonly tookMs: number;
}

/**
 * Asks the server that runs in `<dataDirectory>/postgres`; when none does, makes, starts and removes one beside it, so that the binaries, the
 * user and the directory are really tried. The data directory must exist. Existing data is not touched.
 */
export async function inspectEmbedded(dataDirectory: string): Promise<EmbeddedFacts> {
  const began = performance.now();
  const home = path.join(dataDirectory, 'postgres');
  // The server is started with the real path of its home.
  const cluster = path.join(await realpath(home).catch(() => home), 'cluster');
  const major = Number.parseInt(await readFile(path.join(cluster, 'PG_VERSION'), 'utf8').catch(() => ''), 10);
  const dataMajor = Number.isNaN(major) ? null : major;
  const done = (rest: Pick<EmbeddedFacts, 'pid' | 'uid' | 'facts' | 'problem'>): EmbeddedFacts => ({
    ...rest,
    dataMajor,
    tookMs: performance.now() - began,
  });

  const pidFile = await readPidFile(cluster);
  if (pidFile !== null && (await isPostmasterOf(cluster, pidFile.pid))) {
    const { pid, port, socketDirectory } = pidFile;
    try {
      const connection = { host: socketDirectory, port, user: 'reprise', database: 'reprise' };
      return done({ pid, uid: null, facts: await inspectDatabase(connection), problem: null });
    } catch (error) {
      return done({ pid, uid: null, facts: null, problem: explainUnreachable(error) });
    }
  }
  try {
    const account = await databaseAccount();
    return done({ pid: null, uid: account?.uid ?? null, facts: await inspectTrial(dataDirectory), problem: null });
  } catch (error) {
    return done({ pid: null, uid: null, facts: null, problem: explainUnreachable(error) });
  }
}

async function inspectTrial(dataDirectory: string): Promise<DatabaseFacts> {
  const directory = path.join(dataDirectory, `postgres-trial-${process.pid}`);
  try {
    const trial = await EmbeddedPostgres.start({ directory, log: createLog('silent') });
    try {
      return { ...(await inspectDatabase({ ...trial.connection })), directory: null };
    } finally {
      await trial.close();
    }
  } finally {
    // As root its place may be a link to a directory that PostgreSQL's user can reach.
    const real = await realpath(directory).catch(() => directory);
    await rm(real, { recursive: true, force: true });
    await rm(directory, { recursive: true, force: true });
  }
}
