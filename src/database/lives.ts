import type { Queryable } from './database.ts';

/** The settings of a live. `replayPrivacy` is set when, and only when, it saves replays. */
export interface LiveSettings {
  readonly streamKey: string;
  readonly permanent: boolean;
  readonly saveReplay: boolean;
  readonly replayPrivacy: number | null;
  readonly latencyMode: number;
  readonly dvrWindowS: number;
  /** Null: the server's setting. */
  readonly reconnectWindowMs: number | null;
  readonly takeover: 'take_over' | 'refuse';
  readonly schedules: readonly Date[];
}

const SELECT = `select l.stream_key as "streamKey", l.permanent, l.save_replay as "saveReplay", p.privacy as "replayPrivacy",
  l.latency_mode as "latencyMode", l.dvr_window_s as "dvrWindowS", l.reconnect_window_ms as "reconnectWindowMs", l.takeover, l.schedules
  from lives l left join replay_settings p on p.id = l.replay_settings_id where l.video_id = $1`;

export async function findLiveSettings(database: Queryable, videoId: number): Promise<LiveSettings | null> {
  const { rows } = await database.query<LiveSettings>(SELECT, [videoId]);
  return rows[0] ?? null;
}

/** As {@link findLiveSettings}, and nobody else may change the live until the transaction ends. */
export async function lockLiveSettings(transaction: Queryable, videoId: number): Promise<LiveSettings | null> {
  const { rows } = await transaction.query<LiveSettings>(`${SELECT} for update of l`, [videoId]);
  return rows[0] ?? null;
}

export async function insertLive(transaction: Queryable, videoId: number, live: LiveSettings): Promise<void> {
  await transaction.query(
    `with settings as (insert into replay_settings (privacy) select $6 where $6::smallint is not null returning id)
     insert into lives (video_id, stream_key, permanent, save_replay, latency_mode, replay_settings_id, dvr_window_s, reconnect_window_ms,
                        takeover, schedules)
     values ($1, $2, $3, $4, $5, (select id from settings), $7, $8, $9, $10)`,
    [
      videoId,
      live.streamKey,
      live.permanent,
      live.saveReplay,
      live.latencyMode,
      live.replayPrivacy,
      live.dvrWindowS,
      live.reconnectWindowMs,
      live.takeover,
      live.schedules,
    ],
  );
}

/** Write all settings of a live but its key. Sessions keep the copies they took when they began. */
export async function updateLive(transaction: Queryable, videoId: number, live: Omit<LiveSettings, 'streamKey'>): Promise<void> {
  await transaction.query(
    `with old as (delete from replay_settings where id = (select replay_settings_id from lives where video_id = $1)),
          settings as (insert into replay_settings (privacy) select $5 where $5::smallint is not null returning id)
     update lives set permanent = $2, save_replay = $3, latency_mode = $4, replay_settings_id = (select id from settings), dvr_window_s = $6,
                      reconnect_window_ms = $7, takeover = $8, schedules = $9
     where video_id = $1`,
    [
      videoId,
      live.permanent,
      live.saveReplay,
      live.latencyMode,
      live.replayPrivacy,
      live.dvrWindowS,
      live.reconnectWindowMs,
      live.takeover,
      live.schedules,
    ],
  );
}

/** How many lives could still be broadcast to: of everyone, and of one user. */
export async function countLives(transaction: Queryable, userId: number): Promise<{ ofInstance: number; ofUser: number }> {
  const { rows } = await transaction.query<{ ofInstance: number; ofUser: number }>(
    `select count(*)::integer as "ofInstance", count(*) filter (where c.user_id = $1)::integer as "ofUser"
     from videos v join channels c on c.id = v.channel_id where v.is_live and v.state <> 5`,
    [userId],
  );
  return rows[0];
}

/** Let one transaction at a time count lives and add one. */
export async function lockLiveCount(transaction: Queryable): Promise<void> {
  await transaction.query(`select pg_advisory_xact_lock(hashtext('reprise.live_count'))`);
}
