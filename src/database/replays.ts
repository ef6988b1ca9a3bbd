import type { Queryable } from './database.ts';

/** A replay that is published. */
export interface PublishedReplay {
  readonly sessionId: string;
  /** Of the live that was broadcast, null when it is deleted; the replay itself when a live that is not permanent became its replay. */
  readonly liveUuid: string | null;
  readonly videoId: number;
  readonly videoUuid: string;
}

/** Sessions of parameter $1 that have ended, with media to replay. A deleted live has no channel left to publish in. */
const ENDED = `ended as (
  select s.*, coalesce(p.privacy, l.privacy) as replay_privacy, not s.permanent and not lives.permanent as becomes
  from sessions s join videos l on l.id = s.live_id left join lives on lives.video_id = l.id
  left join replay_settings p on p.id = s.replay_settings_id
  where s.id = any($1::uuid[]) and s.ended_at is not null and not s.ending_processed and s.save_replay and s.recorded_ms > 0)`;

// A live that is not permanent is its replay from now on: no key, no live settings, one video.
const BECOME = `with ${ENDED},
  chosen as (select distinct on (live_id) * from ended where becomes order by live_id, recorded_ms desc, id),
  became as (
    update videos v set is_live = false, state = 1, privacy = c.replay_privacy, duration_ms = c.recorded_ms, width = c.width, height = c.height,
      originally_published_at = c.started_at, published_at = now(), updated_at = now()
    from chosen c where v.id = c.live_id returning c.id as session_id, v.id, v.uuid),
  former as (delete from lives where video_id in (select id from became) returning replay_settings_id),
  settings as (delete from replay_settings where id in (select replay_settings_id from former)),
  replays as (insert into replays (session_id, video_id) select session_id, id from became on conflict (session_id) do nothing)
  select 1 from became`;

// A session that was superseded may have been published before its last fact came: then only its length is set right.
const PUBLISH = `with ${ENDED},
  published as (
    insert into videos (uuid, channel_id, name, description, support, privacy, state, is_live, category, licence, language, tags, nsfw,
      comments_policy, download_enabled, duration_ms, width, height, originally_published_at, published_at)
    select e.id, l.channel_id, left(l.name, 250 - 19) || to_char(e.started_at at time zone 'UTC', '" - "YYYY-MM-DD HH24:MI'), l.description,
      l.support, e.replay_privacy, 1, false, l.category, l.licence, l.language, l.tags, l.nsfw, l.comments_policy, l.download_enabled,
      e.recorded_ms, e.width, e.height, e.started_at, now()
    from ended e join videos l on l.id = e.live_id
    where not exists (select from replays r join videos v on v.id = r.video_id where r.session_id = e.id and v.uuid <> e.id)
    order by e.id
    on conflict (uuid) do update set duration_ms = excluded.duration_ms, width = excluded.width, height = excluded.height, updated_at = now()
    where videos.duration_ms <> excluded.duration_ms
    returning id, uuid),
  replays as (insert into replays (session_id, video_id) select uuid, id from published on conflict (session_id) do nothing)
  select 1 from published`;

// A superseded session may yet tell how it really ended, and how long it was.
const SETTLE = `update sessions set ending_processed = true
  where id = any($1::uuid[]) and ended_at is not null and not ending_processed and end_reason is distinct from 'superseded'`;

// The session of a deleted live has kept its replay; then there is no live to name.
const FIND = `select s.id as "sessionId", l.uuid as "liveUuid", v.id as "videoId", v.uuid as "videoUuid"
  from sessions s join replays r on r.session_id = s.id join videos v on v.id = r.video_id left join videos l on l.id = s.live_id
  where s.id = any($1::uuid[]) order by s.id`;

/** Publishes the replays of those of the sessions that have ended and asked for one, once: in the transaction that ends them. */
export async function publishReplays(client: Queryable, sessionIds: readonly string[]): Promise<void> {
  const values = [sessionIds];
  await client.query({ name: 'become-replay', text: BECOME, values });
  await client.query({ name: 'publish-replays', text: PUBLISH, values });
  await client.query({ name: 'settle-sessions', text: SETTLE, values });
}

/** The published replays of these sessions. */
export async function findReplays(client: Queryable, sessionIds: readonly string[]): Promise<PublishedReplay[]> {
  const { rows } = await client.query<PublishedReplay>({ name: 'find-replays', text: FIND, values: [sessionIds] });
  return rows;
}
