import { findReplays, publishReplays } from './replays.ts';
import { FACTS, formatFacts, reduceFacts } from './session-facts.ts';
import type { Queryable } from './database.ts';
import type { PublishedReplay } from './replays.ts';
import type { SessionFact } from '../ledger/session-fact.ts';

/**
 * How things stand after facts were applied, for those who tell players and pages. The same when they are applied again: whoever was cut off
 * between the commit and the telling has it from the next try.
 */
export interface AppliedFacts {
  /** The videos of these facts, with their state of the REST contract: 1 published, 4 waiting for live, 5 live ended. */
  readonly states: readonly { readonly videoUuid: string; readonly state: number }[];
  /** The replays of these sessions, and of those that they superseded. */
  readonly replays: readonly PublishedReplay[];
  /** Facts of sessions that the catalogue never heard of, whose live does not exist any more. */
  readonly skipped: readonly SessionFact[];
}

// All writers of a live's sessions take this lock first, in one order.
const LOCK_LIVES = `select id, uuid from videos where uuid = any($1::uuid[]) order by id for no key update`;

const COPY_SETTINGS = `with ${FACTS}
  insert into replay_settings (id, privacy)
  select f.id, f.replay_privacy from facts f left join sessions s on s.id = f.id
  where f.save_replay and f.live_id is not null and (s.revision is null or s.revision < f.revision) order by f.id
  on conflict (id) do update set privacy = excluded.privacy where replay_settings.privacy <> excluded.privacy`;

// A session in the way of a newer one has ended, though nobody said so.
const SUPERSEDE = `with ${FACTS}
  update sessions s set ended_at = f.started_at, end_reason = 'superseded', error = 8, interrupted_at = null
  from facts f
  where f.state <> 'ended' and s.live_id = f.live_id and s.ended_at is null and s.id <> f.id and (s.started_at, s.id) < (f.started_at, f.id)
    and not exists (select from sessions same where same.id = f.id and same.revision >= f.revision)
  returning s.id, s.live_id as "liveId"`;

// An open fact that is older than the session which is open now (newer.*) is written as ended.
const UPSERT = `with ${FACTS}
  insert into sessions (id, revision, live_id, started_at, ended_at, end_reason, error, error_detail, permanent, save_replay,
    replay_settings_id, interrupted_at, recorded_bytes, recorded_ms, width, height)
  select f.id, f.revision, f.live_id, f.started_at, coalesce(f.ended_at, newer.started_at),
    case when newer.started_at is null then f.end_reason else 'superseded' end, case when newer.started_at is null then f.error else 8 end,
    f.error_detail, f.permanent, f.save_replay, case when f.save_replay and f.live_id is not null then f.id end,
    case when newer.started_at is null then f.interrupted_at end, f.recorded_bytes, f.recorded_ms, f.width, f.height
  from facts f
  left join lateral (
    select o.started_at from sessions o
    where f.state <> 'ended' and o.live_id = f.live_id and o.ended_at is null and o.id <> f.id and (o.started_at, o.id) > (f.started_at, f.id)
  ) newer on true
  where (f.state = 'ended') = $2 and (f.live_id is not null or exists (select from sessions s where s.id = f.id))
  order by f.id
  on conflict (id) do update set
    revision = excluded.revision, started_at = excluded.started_at, ended_at = excluded.ended_at, end_reason = excluded.end_reason,
    error = excluded.error, error_detail = excluded.error_detail, permanent = excluded.permanent, save_replay = excluded.save_replay,
    replay_settings_id = coalesce(excluded.replay_settings_id, sessions.replay_settings_id), interrupted_at = excluded.interrupted_at,
    recorded_bytes = excluded.recorded_bytes, recorded_ms = excluded.recorded_ms, width = excluded.width, height = excluded.height
  where sessions.revision < excluded.revision
  returning id, live_id as "liveId"`;

const WRITE_GAPS = `with ${FACTS}
  insert into session_gaps (session_id, position, began_at, ended_at)
  select f.id, g.position, g.began_at, greatest(g.began_at, 'epoch'::timestamptz + (g.gap ->> 'endedAt')::float8 * interval '1 ms')
  from facts f cross join lateral (
    select position, gap, 'epoch'::timestamptz + (gap ->> 'beganAt')::float8 * interval '1 ms' as began_at
    from jsonb_array_elements(f.gaps) with ordinality as gaps (gap, position)
  ) g
  where f.id = any($2::uuid[]) order by f.id, g.position
  on conflict (session_id, position) do update set began_at = excluded.began_at, ended_at = excluded.ended_at`;

// A disk that takes media again makes one gap of those before it.
const DROP_GAPS = `with ${FACTS}
  delete from session_gaps g using facts f
  where f.id = any($2::uuid[]) and g.session_id = f.id and g.position > jsonb_array_length(f.gaps)`;

// Those that the facts have superseded on an earlier try.
const FIND_SUPERSEDED = `with ${FACTS}
  select s.id from facts f join sessions s on s.live_id = f.live_id and s.end_reason = 'superseded' and s.ended_at = f.started_at
  where f.state <> 'ended' order by s.id`;

const FIND_KNOWN = `select id from sessions where id = any($1::uuid[])`;

// On air from the first media on, until the session has ended; published when that session began.
const UPDATE_STATES = `update videos v
  set state = n.state, published_at = coalesce(n.published_at, v.published_at), updated_at = now()
  from (
    select l.video_id, case when o.recorded_bytes + o.recorded_ms > 0 then o.started_at end as published_at,
      case when o.recorded_bytes + o.recorded_ms > 0 then 1 when o.id is null and not l.permanent and not last.permanent then 5 else 4 end as state
    from lives l
    left join sessions o on o.live_id = l.video_id and o.ended_at is null
    left join lateral (select s.permanent from sessions s where s.live_id = l.video_id order by s.started_at desc limit 1) last on true
    where l.video_id = any($1::integer[]) order by l.video_id
  ) n
  where v.id = n.video_id and (v.state <> n.state or v.published_at is distinct from coalesce(n.published_at, v.published_at))`;

const READ_STATES = `select uuid as "videoUuid", state from videos where uuid = any($1::uuid[]) order by id`;

/**
 * Writes facts of sessions and all that follows from them: settings, gaps, superseded sessions, published replays, states of lives. To be run
 * in one transaction. Idempotent by session and revision: any fact may be applied again, and older ones may be missing.
 */
export async function applySessionFacts(client: Queryable, facts: readonly SessionFact[]): Promise<AppliedFacts> {
  const reduced = reduceFacts(facts);
  if (reduced.length === 0) return { states: [], replays: [], skipped: [] };
  const json = formatFacts(reduced);
  const ask = async <Row extends object>(name: string, text: string, values: unknown[]): Promise<Row[]> =>
    (await client.query<Row>({ name, text, values })).rows;

  const videoUuids = [...new Set(reduced.map((fact) => fact.videoUuid))];
  const lives = await ask<{ uuid: string }>('lock-lives', LOCK_LIVES, [videoUuids]);
  const existing = new Set(lives.map(({ uuid }) => uuid));
  const orphans = reduced.filter((fact) => !existing.has(fact.videoUuid.toLowerCase()));
  const known =
    orphans.length === 0 ? [] : await ask<{ id: string }>('known-sessions', FIND_KNOWN, [orphans.map((fact) => fact.sessionId)]);
  const skipped = orphans.filter((fact) => !known.some(({ id }) => id === fact.sessionId.toLowerCase()));

  type Changed = { id: string; liveId: number | null };
  const changed: Changed[] = [];
  if (reduced.some((fact) => fact.saveReplay)) await ask('copy-settings', COPY_SETTINGS, [json]);
  if (reduced.some((fact) => fact.state === 'ended'))
    changed.push(...(await ask<Changed>('upsert-sessions', UPSERT, [json, true])));
  if (reduced.some((fact) => fact.state !== 'ended')) {
    changed.push(...(await ask<Changed>('supersede', SUPERSEDE, [json])));
    changed.push(...(await ask<Changed>('upsert-sessions', UPSERT, [json, false])));
  }
  const ids = changed.map(({ id }) => id);
  if (changed.length > 0) {
    if (reduced.some((fact) => fact.gaps.length > 0)) {
      await ask('drop-gaps', DROP_GAPS, [json, ids]);
      await ask('write-gaps', WRITE_GAPS, [json, ids]);
    }
    await publishReplays(client, ids);
    await ask('update-states', UPDATE_STATES, [changed.flatMap(({ liveId }) => liveId ?? [])]);
  }
  const states = await ask<AppliedFacts['states'][number]>('read-states', READ_STATES, [videoUuids]);
  const written = new Set(ids);
  const isAgain = reduced.some((fact) => fact.state !== 'ended' && !written.has(fact.sessionId.toLowerCase()));
  const superseded = isAgain ? await ask<{ id: string }>('find-superseded', FIND_SUPERSEDED, [json]) : [];
  const ended = [...ids, ...reduced.map((fact) => fact.sessionId), ...superseded.map(({ id }) => id)];
  const replays = await findReplays(client, [...new Set(ended)]);
  return { states, replays, skipped };
}
