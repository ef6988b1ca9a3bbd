import pg from 'pg';
import { POOL_CONNECTIONS } from './database.ts';
import type { ClientConfig } from 'pg';

/** How a PostgreSQL server is set up, as one of our connections sees it. */
export interface DatabaseFacts {
  /** As in 180004 for 18.4. */
  readonly version: number;
  readonly encoding: string;
  /** A standby, or set to be read only. */
  readonly readOnly: boolean;
  /** Our user may make tables in the schema that they go to. */
  readonly mayCreate: boolean;
  readonly user: string;
  readonly database: string;
  readonly isolation: string;
  readonly synchronousCommit: string;
  readonly fsync: boolean;
  readonly fullPageWrites: boolean;
  readonly maxConnections: number;
  /** Of these, kept from us for superusers. */
  readonly reservedConnections: number;
  /** Open now, without those of Reprise. */
  readonly otherConnections: number;
  /** Limit of our user or database alone, or null. */
  readonly connectionLimit: number | null;
  /** What our pool opens at most. */
  readonly poolConnections: number;
  readonly maxPredicateLocks: number;
  readonly timeZones: boolean;
  /** The directory of the server's data, if it is on this machine and we may know. */
  readonly directory: string | null;
  readonly roundTripMs: number;
  /** Its clock minus ours. */
  readonly clockAheadMs: number;
}

const FACTS = `select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
  pg_is_in_recovery() or current_setting('default_transaction_read_only')::bool as "readOnly",
  coalesce(has_schema_privilege(current_schema(), 'create'), false) as "mayCreate",
  current_user as "user", current_database() as database, current_setting('default_transaction_isolation') as isolation,
  current_setting('synchronous_commit') as "synchronousCommit", current_setting('fsync')::bool as fsync,
  current_setting('full_page_writes')::bool as "fullPageWrites", current_setting('max_connections')::int as "maxConnections",
  case when current_setting('is_superuser')::bool then 0 else current_setting('superuser_reserved_connections')::int
    + coalesce(current_setting('reserved_connections', true)::int, 0) end as "reservedConnections",
  (select count(*)::int from pg_stat_activity where backend_type = 'client backend' and application_name not like 'reprise%')
    as "otherConnections",
  (select least(nullif(r.rolconnlimit, -1), nullif(d.datconnlimit, -1)) from pg_roles r, pg_database d
    where r.rolname = current_user and d.datname = current_database()) as "connectionLimit",
  current_setting('max_pred_locks_per_transaction')::int as "maxPredicateLocks",
  exists (select from pg_timezone_names where name = 'Europe/Paris') as "timeZones",
  case when pg_has_role('pg_read_all_settings', 'member') and coalesce(inet_client_addr() = inet_server_addr(), true)
    then current_setting('data_directory') end as directory`;

const CONNECT_WITHIN_MS = 5_000;

/** Asks a server how it is set up, on one connection, and changes nothing. Rejects when it cannot be reached. */
export async function inspectDatabase(connection: string | ClientConfig): Promise<DatabaseFacts> {
  const client = new pg.Client({
    ...(typeof connection === 'string' ? { connectionString: connection } : connection),
    application_name: 'reprise doctor',
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    statement_timeout: CONNECT_WITHIN_MS,
  });
  client.on('error', () => undefined); // the awaited calls tell
  try {
    await client.connect();
    const { rows } = await client.query<Omit<DatabaseFacts, 'roundTripMs' | 'clockAheadMs' | 'poolConnections'>>(FACTS);
    return { ...rows[0], poolConnections: POOL_CONNECTIONS, ...(await compareClocks(client)) };
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The quickest of some round trips tells the clocks apart most exactly: to half of its time. */
async function compareClocks(client: pg.Client): Promise<{ roundTripMs: number; clockAheadMs: number }> {
  let best = { roundTripMs: Number.POSITIVE_INFINITY, clockAheadMs: 0 };
  for (let i = 0; i < 5; i += 1) {
    const began = performance.now();
    const { rows } = await client.query<{ ms: number }>('select extract(epoch from clock_timestamp())::float8 * 1000 as ms');
    const roundTripMs = performance.now() - began;
    if (roundTripMs < best.roundTripMs) best = { roundTripMs, clockAheadMs: rows[0].ms + roundTripMs / 2 - Date.now() };
  }
  return best;
}

/** Why a server could not be asked, in one line, without the password of its address. */
export function explainUnreachable(error: unknown): string {
  const one = error instanceof AggregateError ? (error.errors[0] as unknown) : error; // tries at several addresses of one name
  return one instanceof Error ? one.message : String(one);
}
