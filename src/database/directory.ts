import type { Queryable } from './database.ts';

/** All that admission and delivery need of a live, held in memory so that neither waits for the database. */
export interface LiveRecord {
  readonly videoId: number;
  readonly videoUuid: string;
  readonly channelId: number;
  readonly ownerId: number;
  readonly ownerBlocked: boolean;
  readonly name: string;
  /** 1 public, 2 unlisted, 3 private, 4 internal. */
  readonly privacy: number;
  readonly streamKey: string;
  readonly permanent: boolean;
  /** A live that is not permanent and has been broadcast. */
  readonly ended: boolean;
  readonly saveReplay: boolean;
  /** Set when, and only when, it saves replays. */
  readonly replayPrivacy: number | null;
  /** Null: the server's setting. */
  readonly reconnectWindowMs: number | null;
  readonly takeover: 'take_over' | 'refuse';
  readonly latencyMode: number;
  readonly dvrWindowS: number;
}

/** A published replay. Its video's UUID is its session's id, unless a live that is not permanent became its replay and kept its own. */
export interface ReplayRecord {
  readonly videoUuid: string;
  readonly sessionId: string;
  readonly privacy: number;
  readonly ownerId: number;
}

const LIVES = `select v.id as "videoId", v.uuid as "videoUuid", c.id as "channelId", u.id as "ownerId", u.blocked as "ownerBlocked", v.name,
  v.privacy, l.stream_key as "streamKey", l.permanent, v.state = 5 as ended, l.save_replay as "saveReplay",
  p.privacy as "replayPrivacy", l.reconnect_window_ms as "reconnectWindowMs", l.takeover, l.latency_mode as "latencyMode",
  l.dvr_window_s as "dvrWindowS"
  from lives l join videos v on v.id = l.video_id join channels c on c.id = v.channel_id join users u on u.id = c.user_id
  left join replay_settings p on p.id = l.replay_settings_id`;

const REPLAYS = `select v.uuid as "videoUuid", r.session_id as "sessionId", v.privacy, c.user_id as "ownerId"
  from replays r join videos v on v.id = r.video_id join channels c on c.id = v.channel_id`;

/** Lives and replays, as many as were asked for. */
export interface DirectoryRecords {
  readonly lives: readonly LiveRecord[];
  readonly replays: readonly ReplayRecord[];
}

/** Every live and every replay, for the start of the server. */
export async function loadDirectory(database: Queryable): Promise<DirectoryRecords> {
  const { rows: lives } = await database.query<LiveRecord>(`${LIVES} order by v.id`);
  const { rows: replays } = await database.query<ReplayRecord>(`${REPLAYS} order by v.id`);
  return { lives, replays };
}

/** Those of these videos that are lives or replays. */
export async function readDirectoryOf(database: Queryable, videoUuids: readonly string[]): Promise<DirectoryRecords> {
  const { rows: lives } = await database.query<LiveRecord>(`${LIVES} where v.uuid = any($1::uuid[])`, [videoUuids]);
  const { rows: replays } = await database.query<ReplayRecord>(`${REPLAYS} where v.uuid = any($1::uuid[])`, [videoUuids]);
  return { lives, replays };
}

/** One live as it stands in this transaction. */
export async function readLiveRecord(database: Queryable, videoUuid: string): Promise<LiveRecord | null> {
  const { rows } = await database.query<LiveRecord>(`${LIVES} where v.uuid = $1`, [videoUuid]);
  return rows[0] ?? null;
}

/** One replay as it stands in this transaction. */
export async function readReplayRecord(database: Queryable, videoUuid: string): Promise<ReplayRecord | null> {
  const { rows } = await database.query<ReplayRecord>(`${REPLAYS} where v.uuid = $1`, [videoUuid]);
  return rows[0] ?? null;
}

/** The replays of these sessions, as far as there are any. */
export async function readReplaysOfSessions(database: Queryable, sessionIds: readonly string[]): Promise<ReplayRecord[]> {
  const { rows } = await database.query<ReplayRecord>(`${REPLAYS} where r.session_id = any($1::uuid[])`, [sessionIds]);
  return rows;
}
