import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cp, mkdtemp, appendFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Database } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrate.ts';
import { createLog } from '../../src/log.ts';
import { cloneDatabase, postgresErrors, withDatabase, withPostgres } from '../support/postgres.ts';

const log = createLog('silent');

test('migrations run once, in any number of processes at once, and only as they were', async (t) => {
  const { postgres } = await withPostgres(t);
  const databases = await Promise.all([1, 2, 3].map(() => Database.open({ connection: { ...postgres.connection }, log })));
  t.after(() => Promise.all(databases.map((database) => database.close())));
  const ran = await Promise.all(databases.map((database) => migrate(database)));
  const names = ran.flat();
  assert.equal(new Set(names).size, names.length, 'each file ran once');
  assert.ok(names.includes('0001-catalogue'));
  assert.deepEqual(await migrate(databases[0]), []);

  const directory = await mkdtemp(path.join(tmpdir(), 'reprise-migrations-'));
  t.after(() => rm(directory, { recursive: true }));
  await cp(path.join(import.meta.dirname, '../../src/database/migrations'), directory, { recursive: true });
  await writeFile(path.join(directory, '9998-good.sql'), 'create table good (id integer);');
  await writeFile(path.join(directory, '9999-broken.sql'), 'create table half (id integer); select nonsense;');
  await assert.rejects(migrate(databases[0], directory), /9999-broken failed: column "nonsense" does not exist/);
  const { rows } = await databases[0].query(
    `select to_regclass('good') is not null as good, to_regclass('half') is not null as half`,
  );
  assert.deepEqual(rows, [{ good: true, half: false }]);
  await assert.rejects(migrate(databases[0]), /made by a newer version: it has migration 9998-good/);
  await appendFile(path.join(directory, '0001-catalogue.sql'), '-- changed\n');
  await assert.rejects(migrate(databases[0], directory), /0001-catalogue was changed after/);
});

for (const isolation of ['read committed', 'repeatable read', 'serializable']) {
  test(`transactions that conflict are all done once, on a server whose default is ${isolation}`, async (t) => {
    const connection = await cloneDatabase();
    const options = `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`;
    const database = await Database.open({ connection: { ...connection, options }, log });
    t.after(() => database.close());
    await database.query('create table counters (id integer primary key, n integer not null)');
    await database.query('insert into counters values (1, 0)');
    assert.equal((await database.query('show transaction_isolation')).rows[0]['transaction_isolation'], isolation);

    const once = async (level: 'read committed' | 'serializable'): Promise<void> => {
      await database.transaction(
        async (client) => {
          const lock = level === 'read committed' ? ' for update' : '';
          const { rows } = await client.query<{ n: number }>(`select n from counters where id = 1${lock}`);
          await client.query('update counters set n = $1 where id = 1', [rows[0].n + 1]);
        },
        { isolation: level, retryForMs: 60_000 },
      );
    };
    await Promise.all(Array.from({ length: 12 }, () => [once('read committed'), once('serializable')]).flat());
    await Promise.all(Array.from({ length: 12 }, () => database.query('update counters set n = n + 1')));
    assert.deepEqual((await database.query('select n from counters')).rows, [{ n: 36 }]);
  });
}

test('an error of the caller rolls back, is not retried, and its connection goes on', async (t) => {
  const database = await withDatabase(t, { maxConnections: 1 });
  let runs = 0;
  const failing = database.transaction(async (client) => {
    runs += 1;
    await client.query(`insert into oauth_clients values ('a', 'b')`);
    throw new Error('no');
  });
  await assert.rejects(failing, /^Error: no$/);
  assert.equal(runs, 1);
  assert.deepEqual((await database.query('select * from oauth_clients')).rows, []);
  const swallowing = database.transaction(async (client) => {
    await client.query(`insert into oauth_clients values ('a', 'b')`);
    await client.query('select nonsense').catch(() => undefined);
  });
  await assert.rejects(swallowing, /swallowed/);
  await assert.rejects(database.query('select pg_sleep(1), nonsense'), { code: '42703' });
  assert.equal((await database.health()).ok, true);
  assert.equal((await postgresErrors()).filter((line) => /nonsense/.test(line)).length, 2);
});

test('while the server is away, transactions and reads wait for it; then they happen once', async (t) => {
  const { postgres } = await withPostgres(t);
  const database = await Database.open({ connection: { ...postgres.connection }, log });
  t.after(() => database.close());
  await database.query('create table done (id integer primary key)');
  let reached = (): void => {};
  const inside = new Promise<void>((resolve) => (reached = resolve));
  const cut = database.transaction(
    async (client) => {
      await client.query('insert into done values (1)');
      reached();
      await client.query('select pg_sleep(case when pg_postmaster_start_time() < $1 then 60 else 0 end)', [startedBefore]);
    },
    { retryForMs: 60_000 },
  );
  const startedBefore = new Date();
  await inside;
  process.kill(postgres.pid as number, 'SIGKILL');
  await cut;
  assert.deepEqual((await database.query('select * from done')).rows, [{ id: 1 }]);

  const abort = new AbortController();
  await postgres.close();
  assert.equal((await database.health()).ok, false);
  const waiting = database.transaction((client) => client.query('select 1'), { signal: abort.signal, retryForMs: 60_000 });
  setImmediate(() => abort.abort());
  await assert.rejects(waiting, { name: 'AbortError' });
  await assert.rejects(
    database.transaction((client) => client.query('select 1'), { retryForMs: 200 }),
    { code: 'ENOENT' },
  );
});
