import type { Queryable } from './database.ts';
import { totalOf } from './page.ts';
import type { Page } from './page.ts';

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
  if ('id' in reference) return (await findVideos(database, [reference.id]))[0] ?? null;
  const text = `select ${COLUMNS} ${FROM} where v.uuid = $1`;
  const { rows } = await database.query<VideoRow>({ name: 'video-by-uuid', text, values: [reference.uuid] });
  return rows[0] ?? null;
}

/** In the order of their numbers here; who is gone is left out. Prepared: to plan so many joins takes longer than to run them. */
async function findVideos(database: Queryable, ids: readonly number[]): Promise<VideoRow[]> {
  const text = `select ${COLUMNS} ${FROM} where v.id = any($1::integer[]) order by array_position($1, v.id)`;
  return (await database.query<VideoRow>({ name: 'videos-by-id', text, values: [ids] })).rows;
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

/** Conditions on `videos v`, and their values. Only those that are asked for: each text is planned for what it holds. */
function matching(filter: VideoFilter): { where: string; values: unknown[] } {
  const values: unknown[] = [];
  const place = (value: unknown): string => `$${values.push(value)}`;
  const conditions: string[] = [];
  const ask = <Value>(value: Value | null, condition: (value: Value) => string): void => {
    if (value !== null) conditions.push(condition(value));
  };
  ask(filter.isLive, (isLive) => `v.is_live = ${place(isLive)}`);
  ask(filter.states, (states) => {
    const among = `v.state = any(${place(states)}::smallint[])`;
    return filter.scheduled ? `(${among} or ${SCHEDULED})` : among;
  });
  ask(filter.privacies, (privacies) => `v.privacy = any(${place(privacies)}::smallint[])`);
  ask(filter.channelId, (id) => `v.channel_id = ${place(id)}`);
  ask(filter.ownerId, (id) => `v.channel_id in (select id from channels where user_id = ${place(id)})`);
  ask(filter.search, (text) => `v.name ilike ${place(`%${text.replace(/[\\%_]/g, '\\$&')}%`)}`);
  ask(filter.tagsOneOf, (tags) => {
    const lower = place(tags.map((tag) => tag.toLowerCase()));
    return `exists (select from unnest(v.tags) tag where lower(tag) = any(${lower}::text[]))`;
  });
  ask(filter.categoryOneOf, (categories) => `v.category = any(${place(categories)}::smallint[])`);
  ask(filter.licenceOneOf, (licences) => `v.licence = any(${place(licences)}::smallint[])`);
  ask(filter.languageOneOf, (languages) => `v.language = any(${place(languages)}::text[])`);
  ask(filter.nsfw, (nsfw) => `v.nsfw = ${place(nsfw)}`);
  ask(filter.replayOf, (uuid) => `v.id in (${replaysOf(place(uuid))})`);
  return { where: conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`, values };
}

const SCHEDULED = 'v.state = 4 and exists (select from lives, unnest(schedules) at where video_id = v.id and at > now())';

const replaysOf = (uuid: string): string => `select r.video_id from replays r join sessions s on s.id = r.session_id
  join videos o on o.id = s.live_id where o.uuid = ${uuid}::uuid and o.id <> r.video_id`;

/** One page of the videos that pass the filter, and how many pass in all. */
export async function listVideos(
  database: Queryable,
  filter: VideoFilter,
  order: VideoOrder,
  page: Page,
): Promise<{ total: number; rows: VideoRow[] }> {
  const { where, values } = matching(filter);
  const direction = order.descending ? 'desc' : 'asc';
  const orderBy = `order by ${SORT_COLUMNS[order.key]} ${direction}, v.id ${direction}`;
  const [offset, limit] = [1, 2].map((n) => `$${values.length + n}`);
  const { rows: found } = await database.query<{ id: number }>(
    `select v.id from videos v ${where} ${orderBy} offset ${offset} limit ${limit}`,
    [...values, page.start, page.count],
  );
  const total = await totalOf(page, found, async () => {
    const { rows } = await database.query<{ total: number }>(`select count(*) as total from videos v ${where}`, values);
    return rows[0].total;
  });
  const ids = found.map(({ id }) => id);
  return { total, rows: ids.length === 0 ? [] : await findVideos(database, ids) };
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
