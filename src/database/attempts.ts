import type { Queryable } from './database.ts';

/** A try to publish, as the catalogue keeps it. */
export interface AttemptRow {
  readonly id: string;
  /** Null: no live has the key. */
  readonly videoUuid: string | null;
  readonly at: number;
  readonly code: string;
  readonly key: string;
  readonly address: string;
  readonly encoder: string | null;
  readonly sessionId: string | null;
}

const INSERT = `insert into attempts (id, live_id, at, code, key, address, encoder, session_id)
  select a.id, v.id, 'epoch'::timestamptz + a.at * interval '1 ms', a.code, a.key, a.address, a.encoder, a."sessionId"
  from jsonb_to_recordset($1::jsonb) as a (id uuid, "videoUuid" uuid, at float8, code text, key text, address text, encoder text, "sessionId" uuid)
  left join videos v on v.uuid = a."videoUuid"
  where a."videoUuid" is null or v.id is not null
  on conflict (id) do nothing`;

const TRIM_LIVES = `delete from attempts a using videos v where v.uuid = any($1::uuid[]) and a.live_id = v.id
  and a.id < (select b.id from attempts b where b.live_id = v.id order by b.id desc offset $2 limit 1)`;

const TRIM_OTHERS = `delete from attempts where live_id is null
  and id < (select id from attempts where live_id is null order by id desc offset $1 limit 1)`;

/** Keeps attempts, and of each live and of unknown keys only the newest. Idempotent. */
export async function insertAttempts(
  client: Queryable,
  attempts: readonly AttemptRow[],
  keep: { ofLive: number; ofNobody: number },
): Promise<void> {
  // Text from outside may hold what jsonb refuses: NUL and lone surrogates.
  const rows = JSON.stringify(attempts, (_key, value: unknown) =>
    typeof value === 'string' ? value.replaceAll('\0', '').toWellFormed() : value,
  );
  await client.query(INSERT, [rows]);
  const lives = [...new Set(attempts.map(({ videoUuid }) => videoUuid))];
  await client.query(TRIM_LIVES, [lives.filter((uuid) => uuid !== null), keep.ofLive - 1]);
  if (lives.includes(null)) await client.query(TRIM_OTHERS, [keep.ofNobody - 1]);
}

/** The attempts of a live, newest first. */
export async function listAttempts(client: Queryable, videoUuid: string): Promise<AttemptRow[]> {
  const { rows } = await client.query<AttemptRow>(
    `select a.id, v.uuid as "videoUuid", (extract(epoch from a.at) * 1000)::float8 as at, a.code, a.key, a.address, a.encoder,
      a.session_id as "sessionId"
     from attempts a join videos v on v.id = a.live_id where v.uuid = $1 order by a.id desc`,
    [videoUuid],
  );
  return rows;
}
