import type { Queryable } from './database.ts';

/** A video with what its JSON needs of its channel, its owner, its live settings, or the live it replays. */
export interface VideoRow {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  readonly description: string | null;
  readonly support: string | null;
  readonly privacy: number;
  readonly state: number;
  readonly isLive: boolean;
  readonly category: number | null;
  readonly licence: number | null;
  readonly language: string | null;
  readonly tags: string[];
  readonly nsfw: boolean;
  readonly nsfwFlags: number;
  readonly nsfwSummary: string | null;
  readonly commentsPolicy: number;
  readonly downloadEnabled: boolean;
  readonly waitTranscoding: boolean;
  readonly durationMs: number;
  readonly width: number | null;
  readonly height: number | null;
  readonly views: number;
  readonly originallyPublishedAt: Date | null;
  readonly publishedAt: Date;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly channelId: number;
  readonly channelName: string;
  readonly channelDisplayName: string;
  readonly channelDescription: string | null;
  readonly channelSupport: string | null;
  readonly ownerId: number;
  readonly ownerName: string;
  /** Of a live only. */
  readonly permanent: boolean | null;
  readonly schedules: Date[] | null;
  /** Of a replay only: its session, and the live that was broadcast unless it is deleted or has become this replay. */
  readonly sessionId: string | null;
  readonly originId: number | null;
  readonly originUuid: string | null;
  readonly originName: string | null;
  readonly originPrivacy: number | null;
}

const COLUMNS = `v.id, v.uuid, v.name, v.description, v.support, v.privacy, v.state, v.is_live as "isLive", v.category, v.licence, v.language,
  v.tags, v.nsfw, v.nsfw_flags as "nsfwFlags", v.nsfw_summary as "nsfwSummary", v.comments_policy as "commentsPolicy",
  v.download_enabled as "downloadEnabled", v.wait_transcoding as "waitTranscoding", v.duration_ms as "durationMs", v.width, v.height,
  v.views, v.originally_published_at as "originallyPublishedAt", coalesce(v.published_at, v.created_at) as "publishedAt",
  v.created_at as "createdAt", v.updated_at as "updatedAt",
  c.id as "channelId", c.name as "channelName", c.display_name as "channelDisplayName", c.description as "channelDescription",
  c.support as "channelSupport", u.id as "ownerId", u.username as "ownerName", l.permanent, l.schedules,
  r.session_id as "sessionId", o.id as "originId", o.uuid as "originUuid", o.name as "originName", o.privacy as "originPrivacy"`;

const FROM = `from videos v join channels c on c.id = v.channel_id join users u on u.id = c.user_id
  left join lives l on l.video_id = v.id
  left join replays r on r.video_id = v.id left join sessions s on s.id = r.session_id left join videos o on o.id = s.live_id and o.id <> v.id`;

/** How a client names a video: by number or by UUID. */
export type VideoReference = { readonly id: number } | { readonly uuid: string };

export async function findVideo(database: Queryable, reference: VideoReference): Promise<VideoRow | null> {
  const [condition, value] = 'id' in reference ? ['v.id = $1', reference.id] : ['v.uuid = $1', reference.uuid];
  const { rows } = await database.query<VideoRow>(`select ${COLUMNS} ${FROM} where ${condition}`, [value]);
  return rows[0] ?? null;
}

/** Which videos a list holds; null stands for any. */
export interface VideoFilter {
  readonly isLive: boolean | null;
  readonly states: readonly number[] | null;
  /** Beside `states`: waiting lives that announce a time to come. */
  readonly scheduled: boolean;
  readonly privacies: readonly number[] | null;
  readonly channelId: number | null;
  readonly ownerId: number | null;
  /** Part of the name. */
  readonly search: string | null;
  readonly tagsOneOf: readonly string[] | null;
  readonly categoryOneOf: readonly number[] | null;
  readonly licenceOneOf: readonly number[] | null;
  readonly languageOneOf: readonly string[] | null;
  readonly nsfw: boolean | null;
  /** The UUID of the live whose replays are asked for. */
  readonly replayOf: string | null;
}

export interface Page {
  readonly start: number;
  readonly count: number;
}

const SORT_COLUMNS = {
  name: 'lower(v.name)',
  duration: 'v.duration_ms',
  createdAt: 'v.created_at',
  updatedAt: 'v.updated_at',
  publishedAt: 'v.published_at',
  originallyPublishedAt: 'coalesce(v.originally_published_at, v.published_at)',
  views: 'v.views',
  trending: 'v.views',
  hot: 'v.views',
  best: 'v.views',
} as const;

export type VideoSortKey = keyof typeof SORT_COLUMNS;
export const VIDEO_SORT_KEYS = Object.keys(SORT_COLUMNS) as [VideoSortKey, ...VideoSortKey[]];

export interface VideoOrder {
  readonly key: VideoSortKey;
  readonly descending: boolean;
}

// Without the joins that only the answer needs: what is counted and ordered is the narrow part.
const MATCHING = `from videos v join channels c on c.id = v.channel_id
  where ($1::boolean is null or v.is_live = $1)
  and ($2::smallint[] is null or v.state = any($2) or ($3 and v.state = 4 and exists (
    select from lives, unnest(schedules) at where video_id = v.id and at > now())))
  and ($4::smallint[] is null or v.privacy = any($4))
  and ($5::integer is null or v.channel_id = $5)
  and ($6::integer is null or c.user_id = $6)
  and ($7::text is null or v.name ilike $7)
  and ($8::text[] is null or exists (select from unnest(v.tags) tag where lower(tag) = any($8)))
  and ($9::uuid is null or v.id in (
    select r.video_id from replays r join sessions s on s.id = r.session_id join videos o on o.id = s.live_id where o.uuid = $9 and o.id <> r.video_id))
  and ($10::smallint[] is null or v.category = any($10))
  and ($11::smallint[] is null or v.licence = any($11))
  and ($12::text[] is null or v.language = any($12))
  and ($13::boolean is null or v.nsfw = $13)`;

/** One page of the videos that pass the filter, and how many pass in all. */
export async function listVideos(
  database: Queryable,
  filter: VideoFilter,
  order: VideoOrder,
  page: Page,
): Promise<{ total: number; rows: VideoRow[] }> {
  const values = [
    filter.isLive,
    filter.states,
    filter.scheduled,
    filter.privacies,
    filter.channelId,
    filter.ownerId,
    filter.search === null ? null : `%${filter.search.replace(/[\\%_]/g, '\\$&')}%`,
    filter.tagsOneOf?.map((tag) => tag.toLowerCase()) ?? null,
    filter.replayOf,
    filter.categoryOneOf,
    filter.licenceOneOf,
    filter.languageOneOf,
    filter.nsfw,
  ];
  const direction = order.descending ? 'desc' : 'asc';
  const orderBy = `order by ${SORT_COLUMNS[order.key]} ${direction}, v.id ${direction}`;
  const { rows: counted } = await database.query<{ total: number }>(`select count(*) as total ${MATCHING}`, values);
  const { rows } = await database.query<VideoRow>(
    `select ${COLUMNS} ${FROM} where v.id in (select v.id ${MATCHING} ${orderBy} offset $14 limit $15) ${orderBy}`,
    [...values, page.start, page.count],
  );
  return { total: counted[0].total, rows };
}

/** What a client may write of a video. */
export interface VideoFields {
  readonly channelId: number;
  readonly name: string;
  readonly description: string | null;
  readonly support: string | null;
  readonly privacy: number;
  readonly category: number | null;
  readonly licence: number | null;
  readonly language: string | null;
  readonly tags: readonly string[];
  readonly nsfw: boolean;
  readonly nsfwFlags: number;
  readonly nsfwSummary: string | null;
  readonly commentsPolicy: number;
  readonly downloadEnabled: boolean;
  readonly waitTranscoding: boolean;
  readonly originallyPublishedAt: Date | null;
}

const FIELD_COLUMNS: Readonly<Record<keyof VideoFields, string>> = {
  channelId: 'channel_id',
  name: 'name',
  description: 'description',
  support: 'support',
  privacy: 'privacy',
  category: 'category',
  licence: 'licence',
  language: 'language',
  tags: 'tags',
  nsfw: 'nsfw',
  nsfwFlags: 'nsfw_flags',
  nsfwSummary: 'nsfw_summary',
  commentsPolicy: 'comments_policy',
  downloadEnabled: 'download_enabled',
  waitTranscoding: 'wait_transcoding',
  originallyPublishedAt: 'originally_published_at',
};

type Given<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

/** Make the video of a live that waits for its publisher, unless this UUID is there: then null. Fields not given take the catalogue's defaults. */
export async function insertLiveVideo(
  database: Queryable,
  uuid: string,
  fields: Given<VideoFields> & { channelId: number; name: string },
): Promise<number | null> {
  const { columns, values } = written(fields);
  const places = values.map((_, index) => `$${index + 2}`);
  const { rows } = await database.query<{ id: number }>(
    `insert into videos (uuid, state, is_live, published_at, ${columns.join(', ')}) values ($1, 4, true, now(), ${places.join(', ')})
     on conflict (uuid) do nothing returning id`,
    [uuid, ...values],
  );
  return rows[0]?.id ?? null;
}

/** Write the given fields of a video. False when there is no such video. */
export async function updateVideo(database: Queryable, id: number, fields: Given<VideoFields>): Promise<boolean> {
  const { columns, values } = written(fields);
  const assignments = columns.map((column, index) => `${column} = $${index + 2}, `).join('');
  const { rows } = await database.query(`update videos set ${assignments}updated_at = now() where id = $1 returning id`, [
    id,
    ...values,
  ]);
  return rows.length > 0;
}

/** Delete a video with all that hangs on it. False when it was gone already. */
export async function deleteVideo(database: Queryable, id: number): Promise<boolean> {
  const { rows } = await database.query(
    `with settings as (delete from replay_settings where id = (select replay_settings_id from lives where video_id = $1))
     delete from videos where id = $1 returning id`,
    [id],
  );
  return rows.length > 0;
}

function written(fields: Given<VideoFields>): { columns: string[]; values: unknown[] } {
  const keys = (Object.keys(FIELD_COLUMNS) as (keyof VideoFields)[]).filter((key) => fields[key] !== undefined);
  return { columns: keys.map((key) => FIELD_COLUMNS[key]), values: keys.map((key) => fields[key]) };
}
