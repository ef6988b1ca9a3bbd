import pg from 'pg';
import type { PoolClient } from 'pg';
import type { EmbeddedConnection } from '../../src/database/embedded-postgres.ts';
import { EARLIER_SESSIONS } from './measure.ts';
import type { Shape } from './measure.ts';

/**
 * The part of a catalogue that a start of a session touches, with integer keys from sequences and an index on each foreign key. The foreign
 * keys are what makes the starts depend on each other: to check one, PostgreSQL reads the newest page of the settings' primary key, where
 * every other start is inserting.
 */
const SCHEMA = `
  drop schema if exists two_inserts cascade;
  create schema two_inserts;
  create table two_inserts.videos (id serial primary key, stream_key uuid not null unique default gen_random_uuid(),
    state integer not null default 4, updated_at timestamptz not null default now());
  create table two_inserts.replay_settings (id serial primary key, privacy integer not null, created_at timestamptz not null,
    updated_at timestamptz not null);
  create table two_inserts.sessions (id serial primary key, started_at timestamptz not null, ended_at timestamptz, error integer,
    save_replay boolean not null, ending_processed boolean not null,
    replay_setting_id integer references two_inserts.replay_settings on delete set null on update cascade,
    live_video_id integer references two_inserts.videos on delete set null on update cascade);
  create unique index on two_inserts.sessions (replay_setting_id);
  create index on two_inserts.sessions (live_video_id);`;

const HISTORY = `with settings as (insert into two_inserts.replay_settings (privacy, created_at, updated_at)
    select 1, now(), now() from generate_series(1, $2) returning id)
  insert into two_inserts.sessions (started_at, ended_at, save_replay, ending_processed, replay_setting_id, live_video_id)
  select now(), now(), true, true, id, 1 + id % $1 from settings`;

const FIND_LIVE = `select id, stream_key from two_inserts.videos where id = $1`;
const COUNT_OPEN = `select count(*) from two_inserts.sessions where ended_at is null`;
const INSERT_SETTING = `insert into two_inserts.replay_settings (privacy, created_at, updated_at) values (1, now(), now()) returning id`;
const INSERT_SESSION = `insert into two_inserts.sessions (started_at, save_replay, ending_processed, replay_setting_id, live_video_id)
  values (now(), true, false, $1, $2) returning id`;

/** A row as an object that knows whether it has been inserted. */
interface Setting {
  id: number | null;
}

type Start = (pool: pg.Pool, live: number) => Promise<void>;

/** Both inserts in one transaction, and no second try. */
const naive: Start = (pool, live) => {
  const setting: Setting = { id: null };
  return inSerializable(pool, (client) => insertBoth(client, setting, live));
};

/** Up to five tries at once, after serialization failures only; the setting's object is made before the first and stays. */
const rowOutside: Start = (pool, live) => {
  const setting: Setting = { id: null };
  return retryAtOnce(() => inSerializable(pool, (client) => insertBoth(client, setting, live)));
};

/** The same, but each try makes its own setting: what the retry should have been. */
const rowInside: Start = (pool, live) =>
  retryAtOnce(() => inSerializable(pool, (client) => insertBoth(client, { id: null }, live)));

/** The second time round, a setting that has an id is believed to be in the database. */
async function insertBoth(client: PoolClient, setting: Setting, live: number): Promise<void> {
  setting.id ??= (await client.query<{ id: number }>(INSERT_SETTING)).rows[0].id;
  await client.query(INSERT_SESSION, [setting.id, live]);
}

async function inSerializable(pool: pg.Pool, fn: (client: PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin isolation level serializable');
    await fn(client);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

async function retryAtOnce(fn: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await fn();
    } catch (error) {
      if (tries === 5 || (error as { code?: string }).code !== '40001') throw error;
    }
  }
}

/** Two inserts in one serializable transaction, on a pool of five. */
export function twoInserts(connection: EmbeddedConnection, kind: 'naive' | 'row outside' | 'row inside'): Shape {
  const start = { naive, 'row outside': rowOutside, 'row inside': rowInside }[kind];
  const pool = new pg.Pool({ ...connection, max: 5, connectionTimeoutMillis: 60_000 });
  return {
    async prepare(lives) {
      await pool.query(SCHEMA);
      await pool.query(`insert into two_inserts.videos select from generate_series(1, $1)`, [lives]);
      await pool.query(HISTORY, [lives, EARLIER_SESSIONS]);
      await pool.query('analyze');
    },
    // Before the transaction such a server looks the live up and counts those on air for its limit: each a statement by itself.
    async start(live) {
      await pool.query(FIND_LIVE, [live]);
      await pool.query(COUNT_OPEN);
      await start(pool, live);
    },
    async endAll() {
      await pool.query(`update two_inserts.sessions set ended_at = now() where ended_at is null`);
    },
    async countSessions() {
      return Number((await pool.query<{ count: string }>(`select count(*) from two_inserts.sessions`)).rows[0].count);
    },
    close: () => pool.end(),
  };
}
