import type { Queryable } from './database.ts';
import { totalOf } from './page.ts';
import type { Page } from './page.ts';

/** A session as the catalogue tells it, with its replay when that is published. */
export interface LiveSessionRow {
  readonly id: string;
  readonly number: number;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly endReason: string | null;
  readonly error: number | null;
  readonly errorDetail: string | null;
  readonly saveReplay: boolean;
  readonly replayPrivacy: number | null;
  readonly endingProcessed: boolean;
  readonly recordedBytes: number;
  readonly recordedMs: number;
  readonly gaps: readonly { readonly beganAt: string; readonly endedAt: string }[];
  readonly replayId: number | null;
  readonly replayUuid: string | null;
}

const SELECT = `select s.id, s.number, s.started_at as "startedAt", s.ended_at as "endedAt", s.end_reason as "endReason", s.error,
  s.error_detail as "errorDetail", s.save_replay as "saveReplay", p.privacy as "replayPrivacy", s.ending_processed as "endingProcessed",
  s.recorded_bytes as "recordedBytes", s.recorded_ms as "recordedMs", v.id as "replayId", v.uuid as "replayUuid",
  (select coalesce(json_agg(json_build_object('beganAt', g.began_at, 'endedAt', g.ended_at) order by g.position), '[]')
   from session_gaps g where g.session_id = s.id) as gaps
  from sessions s left join replay_settings p on p.id = s.replay_settings_id
  left join replays r on r.session_id = s.id left join videos v on v.id = r.video_id`;

/** One page of the sessions of a live, by start, and how many there are in all. */
export async function listLiveSessions(
  database: Queryable,
  liveId: number,
  order: { descending: boolean },
  page: Page,
): Promise<{ total: number; rows: LiveSessionRow[] }> {
  const direction = order.descending ? 'desc' : 'asc';
  const orderBy = `order by s.started_at ${direction}, s.number ${direction}`;
  const { rows } = await database.query<LiveSessionRow>({
    name: `sessions-of-live-${direction}`,
    text: `${SELECT} where s.id in (select s.id from sessions s where s.live_id = $1 ${orderBy} offset $2 limit $3) ${orderBy}`,
    values: [liveId, page.start, page.count],
  });
  const total = await totalOf(page, rows, async () => {
    const counted = await database.query<{ total: number }>('select count(*) as total from sessions where live_id = $1', [
      liveId,
    ]);
    return counted.rows[0].total;
  });
  return { total, rows };
}

/** The session that a replay shows. */
export async function findSessionOfReplay(database: Queryable, replayId: number): Promise<LiveSessionRow | null> {
  const { rows } = await database.query<LiveSessionRow>(`${SELECT} where r.video_id = $1`, [replayId]);
  return rows[0] ?? null;
}
