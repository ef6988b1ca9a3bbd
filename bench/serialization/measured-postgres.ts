import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Database } from '../../src/database/database.ts';
import { EmbeddedPostgres } from '../../src/database/embedded-postgres.ts';
import { migrate } from '../../src/database/migrate.ts';
import { createLog } from '../../src/log.ts';
import type { EmbeddedConnection } from '../../src/database/embedded-postgres.ts';

/**
 * PostgreSQL as it comes: its own predicate-lock settings and not the ones we tune, its own durability. Its log tells the SQLSTATE of
 * every error, so that failures are counted by the server and not by the code that is measured.
 */
const SETTINGS = {
  max_pred_locks_per_transaction: '64',
  max_pred_locks_per_relation: '-2',
  max_pred_locks_per_page: '2',
  log_line_prefix: '%m [%p] %e ',
};

/** A real PostgreSQL in a temporary directory, with our catalogue in it. */
export class MeasuredPostgres {
  static async start(): Promise<MeasuredPostgres> {
    const directory = await mkdtemp(path.join(tmpdir(), 'reprise-bench-'));
    await chmod(directory, 0o755);
    const log = createLog('silent');
    const postgres = await EmbeddedPostgres.start({ directory: path.join(directory, 'pg'), log, settings: SETTINGS });
    const measured = new MeasuredPostgres(directory, postgres);
    const database = await Database.open({ connection: { ...postgres.connection }, log, maxConnections: 1 });
    await migrate(database);
    await database.close();
    return measured;
  }

  readonly connection: EmbeddedConnection;
  readonly #directory: string;
  readonly #postgres: EmbeddedPostgres;

  private constructor(directory: string, postgres: EmbeddedPostgres) {
    this.#directory = directory;
    this.#postgres = postgres;
    this.connection = postgres.connection;
  }

  /** A place for files of the same life. */
  directoryFor(name: string): string {
    return path.join(this.#directory, name);
  }

  /** Errors since the server was started, by SQLSTATE. */
  async errors(): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (const [, state] of (await readFile(this.#postgres.logFile, 'utf8')).matchAll(/ ([0-9A-Z]{5}) (?:ERROR|FATAL|PANIC):/g)) {
      counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    return counts;
  }

  async close(): Promise<void> {
    await this.#postgres.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
