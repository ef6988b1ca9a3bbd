import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { failureKind, isAnswered, retrying } from './transaction.ts';
import type { PoolClient, PoolConfig, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import type { RetryOptions } from './transaction.ts';
import type { Logger } from '../log.ts';

/** The oldest server that the migrations are written for. */
const OLDEST_SERVER = 150_000;

/** A server that has its own limit for a statement has had so long to tell of it. */
const SILENT_MS = 5_000;

/** Connections that the pool opens at most. */
export const POOL_CONNECTIONS = 12;

/** What query files ask for: a {@link Database} or an open transaction. A config with a `name` is prepared once per connection. */
export interface Queryable {
  query<Row extends QueryResultRow = QueryResultRow>(query: string | QueryConfig, values?: unknown[]): Promise<QueryResult<Row>>;
}

export interface DatabaseOptions {
  /** `postgres://` URL, or a `pg` configuration such as {@link EmbeddedPostgres.connection}. */
  readonly connection: string | PoolConfig;
  readonly log: Logger;
  readonly maxConnections?: number;
  readonly statementTimeoutMs?: number;
  /** How long to wait for the server at the start. */
  readonly connectWithinMs?: number;
}

export interface TransactionOptions extends RetryOptions {
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  /** Running it twice is the same as once: then it is retried also when the connection is lost during the commit, with unknown outcome. */
  readonly idempotent?: boolean;
}

/** Thrown when the connection was lost during a commit: the transaction may or may not have happened. */
export class CommitUnknown extends Error {
  constructor(cause: unknown) {
    super('The connection to the database was lost during a commit.', { cause });
    this.name = 'CommitUnknown';
  }
}

/** Thrown while a database is waited for that has not been found since the start. */
export class DatabaseAway extends Error {
  /** SQLSTATE cannot_connect_now: it passes. */
  readonly code = '57P03';

  constructor() {
    super('The database has not been reached yet.');
    this.name = 'DatabaseAway';
  }
}

/** The pool of connections. bigint columns come as numbers, timestamptz as Date. */
export class Database implements Queryable {
  /** Resolves when the server has answered and is new enough. */
  static async open(options: DatabaseOptions): Promise<Database> {
    const database = new Database(options);
    try {
      const wait = { retryForMs: options.connectWithinMs ?? 30_000 };
      const { rows } = await retrying(
        () => database.#pool.query<{ version: string }>(`select current_setting('server_version_num') as version`),
        wait,
      );
      const version = Number(rows[0].version);
      if (version < OLDEST_SERVER)
        throw new Error(`PostgreSQL 15 or newer is needed; this server is ${Math.floor(version / 10_000)}.`);
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** One that is not found yet: until it {@link become}s one that is, whoever asks is told DatabaseAway at once. */
  static awaited(): Database {
    return new Database(null);
  }

  #here: pg.Pool | null = null;
  #open = new Set<Promise<void>>();
  #closed: Promise<void> | null = null;

  private constructor(options: DatabaseOptions | null) {
    if (options === null) return;
    const { connection, log, maxConnections = POOL_CONNECTIONS, statementTimeoutMs = 30_000 } = options;
    const types = new pg.TypeOverrides();
    types.setTypeParser(pg.types.builtins.INT8, Number);
    const pool = new pg.Pool({
      ...(typeof connection === 'string' ? { connectionString: connection } : connection),
      application_name: 'reprise',
      max: maxConnections,
      connectionTimeoutMillis: 5_000,
      statement_timeout: statementTimeoutMs,
      // A server that vanished without a word would be waited for as long as the kernel does: a quarter of an hour, or two hours.
      query_timeout: statementTimeoutMs + SILENT_MS,
      keepAliveInitialDelayMillis: SILENT_MS,
      idle_in_transaction_session_timeout: 2 * statementTimeoutMs,
      keepAlive: true,
      types,
    });
    // Without both handlers, a server that stops takes the process with it.
    pool.on('error', (error) => log.debug({ err: error }, 'an idle database connection was lost'));
    const open = this.#open;
    pool.on('connect', (client) => {
      client.on('error', () => undefined);
      const ended = new Promise<void>((resolve) => client.once('end', resolve)).then(() => void open.delete(ended));
      open.add(ended);
    });
    this.#here = pool;
  }

  get #pool(): pg.Pool {
    if (this.#here === null) throw new DatabaseAway();
    return this.#here;
  }

  /** Takes over the connections of one that was found; to be closed here from now on. */
  become(found: Database): void {
    this.#here = found.#here;
    this.#open = found.#open;
  }

  /**
   * One statement in its own transaction. Tried again after a conflict; and while the server is away, if it certainly did not run or only reads.
   */
  async query<Row extends QueryResultRow = QueryResultRow>(
    query: string | QueryConfig,
    values?: unknown[],
  ): Promise<QueryResult<Row>> {
    const pool = this.#pool;
    const onlyReads = /^\s*select\b/i.test(typeof query === 'string' ? query : query.text);
    return retrying(async () => {
      const client = await pool.connect();
      let failure: unknown = null;
      try {
        return await client.query<Row>(query as string, values);
      } catch (error) {
        failure = error;
        if (failureKind(error) === 'away' && !isAnswered(error) && !onlyReads) throw new CommitUnknown(error);
        throw error;
      } finally {
        client.release(failureKind(failure) === 'away');
      }
    });
  }

  /**
   * Runs `fn` in a transaction (read committed, whatever the server's default), again from the start after a conflict or a lost connection.
   * So `fn` must make every row, id and value that it writes inside itself, and keep nothing of a run that failed.
   */
  async transaction<T>(fn: (client: Queryable) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const pool = this.#pool;
    return retrying(async () => {
      const client = await pool.connect();
      let broken = true;
      try {
        const result = await runOnce(client, fn, options);
        broken = false;
        return result;
      } catch (error) {
        if (failureKind(error) !== 'away' && !(error instanceof CommitUnknown)) {
          broken = await client.query('rollback').then(
            () => false,
            () => true,
          );
        }
        throw error;
      } finally {
        client.release(broken);
      }
    }, options);
  }

  /** One connection, outside of any transaction. For LISTEN and the like; nothing is retried. */
  async withConnection<T>(fn: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    try {
      return await fn(client);
    } finally {
      client.release(true);
    }
  }

  /** How the database is right now: asked once, not retried. */
  async health(): Promise<{ ok: boolean; latencyMs: number; connections: number; waiting: number; error: string | null }> {
    const began = performance.now();
    const pool = this.#here;
    if (pool === null) return { ok: false, latencyMs: 0, connections: 0, waiting: 0, error: String(new DatabaseAway()) };
    const error = await pool.query('select 1').then(
      () => null,
      (reason: unknown) => String(reason),
    );
    const { totalCount: connections, waitingCount: waiting } = pool;
    return { ok: error === null, latencyMs: performance.now() - began, connections, waiting, error };
  }

  /** Resolves when the running queries are done and all connections are closed. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** The pool's own end only asks for the connections to close: a server that is stopped next would find them open, and complain. */
  async #close(): Promise<void> {
    if (this.#here === null) return;
    await this.#here.end();
    const late = new AbortController();
    await Promise.race([Promise.all(this.#open), sleep(2_000, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
  }
}

async function runOnce<T>(client: PoolClient, fn: (client: Queryable) => Promise<T>, options: TransactionOptions): Promise<T> {
  await client.query(`begin isolation level ${options.isolation ?? 'read committed'}`);
  const result = await fn(client);
  try {
    const { command } = await client.query('commit');
    if (command === 'ROLLBACK')
      throw new Error('A statement of this transaction failed and its error was swallowed: nothing was written.');
  } catch (error) {
    if (failureKind(error) === 'away' && !isAnswered(error) && options.idempotent !== true) throw new CommitUnknown(error);
    throw error;
  }
  return result;
}
