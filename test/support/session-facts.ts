import type { Queryable } from '../../src/database/database.ts';
import type { SessionFact } from '../../src/ledger/session-fact.ts';

/** When session 0 began; session n began n seconds later. */
export const START = Date.parse('2026-03-01T12:34:56.789Z');

export function sessionId(n: number): string {
  return `01990000-0000-7000-8000-${String(n).padStart(12, '0')}`;
}

export function liveUuid(n: number): string {
  return `0000000a-0000-4000-8000-${String(n).padStart(12, '0')}`;
}

/** Fact of session `n` of live `live`: open, then ended when `endedAt` is given. */
export function makeFact(n: number, live: number, change: Partial<SessionFact> = {}): SessionFact {
  const ended = change.endedAt !== undefined && change.endedAt !== null;
  return {
    sessionId: sessionId(n),
    revision: 1,
    videoUuid: liveUuid(live),
    state: ended ? 'ended' : 'open',
    startedAt: START + n * 1000,
    endedAt: null,
    endReason: ended ? 'unpublished' : null,
    error: null,
    errorDetail: null,
    interruptedAt: null,
    gaps: [],
    permanent: true,
    saveReplay: true,
    replayPrivacy: 2,
    reconnectWindowMs: 15_000,
    recordedBytes: 5_000,
    recordedMs: 60_000,
    width: 1280,
    height: 720,
    ...change,
  };
}

/** A user, a channel and so many lives, whose uuids are {@link liveUuid} of 1, 2, 3… */
export async function makeLives(database: Queryable, count: number, permanent = true): Promise<void> {
  await database.query(`insert into users (username, email, password_hash) values ('ada', 'ada@example.org', 'x')`);
  await database.query(`insert into channels (user_id, name, display_name) values (1, 'ada', 'Ada')`);
  await database.query(
    `with settings as (insert into replay_settings (privacy) select 1 from generate_series(1, $1) returning id),
     made as (insert into videos (uuid, channel_id, name, state, is_live, privacy, category, licence, language, description, support, tags, nsfw)
       select ('0000000a-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 1, 'Live ' || n, 4, true, 1, 4, 2, 'en', 'About', 'Money', '{a,b}', true
       from generate_series(1, $1) n returning id)
     insert into lives (video_id, stream_key, permanent, save_replay, dvr_window_s, replay_settings_id)
     select id, gen_random_uuid(), $2, true, 3600, s from (select id, row_number() over () n from made) made
     join (select id s, row_number() over () n from settings) settings using (n)`,
    [count, permanent],
  );
}
