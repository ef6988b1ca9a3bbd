import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { failureKind } from './transaction.ts';
import type { Database, Queryable } from './database.ts';

/** One SQL file of the migrations folder. */
interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** Any number, the same in every process that migrates this database. */
const LOCK = 7_390_155_213;

/**
 * Brings the database to this version: runs each `NNNN-what.sql` that it has not seen, in order, each in its own transaction. Safe to run in
 * several processes at once. Refuses a database whose applied files are not those that are here. Returns the names it ran.
 */
export async function migrate(database: Database, directory = path.join(import.meta.dirname, 'migrations')): Promise<string[]> {
  const migrations = await readMigrations(directory);
  const ran: string[] = [];
  for (;;) {
    const name = await database.transaction((client) => runNext(client, migrations), { idempotent: true });
    if (name === null) return ran;
    ran.push(name);
  }
}

async function runNext(client: Queryable, migrations: readonly Migration[]): Promise<string | null> {
  await client.query(`select set_config('statement_timeout', '0', true)`);
  await client.query('select pg_advisory_xact_lock($1)', [LOCK]); // read committed: what follows sees what the former holder did
  await client.query(
    `create table if not exists migrations (name text primary key, checksum text not null, applied_at timestamptz not null default now())`,
  );
  const { rows } = await client.query<{ name: string; checksum: string }>('select name, checksum from migrations order by name');
  const applied = new Map(rows.map((row) => [row.name, row.checksum]));
  for (const { name, checksum } of migrations) {
    const known = applied.get(name);
    if (known !== undefined && known !== checksum) {
      throw new Error(
        `Migration ${name} was changed after this database applied it. Restore the file; changes belong in a new one.`,
      );
    }
    applied.delete(name);
  }
  const newer = applied.keys().next();
  if (newer.done !== true)
    throw new Error(`This database was made by a newer version: it has migration ${newer.value}, unknown here.`);

  const done = new Set(rows.map((row) => row.name));
  const next = migrations.find(({ name }) => !done.has(name));
  if (next === undefined) return null;
  try {
    await client.query(next.sql);
  } catch (cause) {
    if (failureKind(cause) !== 'other') throw cause;
    throw new Error(`Migration ${next.name} failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  await client.query('insert into migrations (name, checksum) values ($1, $2)', [next.name, next.checksum]);
  return next.name;
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.sql')).sort();
  return Promise.all(
    files.map(async (file) => {
      const sql = (await readFile(path.join(directory, file), 'utf8')).replaceAll('\r\n', '\n');
      return { name: file.slice(0, -'.sql'.length), sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}
