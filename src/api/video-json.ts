import type { z } from 'zod';
import type { User } from '../database/users.ts';
import type { VideoRow } from '../database/videos.ts';
import type { ApiContext } from './context.ts';
import { canManage } from './guard.ts';
import type { videoDetailsSchema, videoSchema } from './schemas/video.ts';
import { encodeShortUuid } from './short-uuid.ts';

const PRIVACIES: Readonly<Record<number, string>> = { 1: 'Public', 2: 'Unlisted', 3: 'Private', 4: 'Internal' };
const STATES: Readonly<Record<number, string>> = { 1: 'Published', 4: 'Waiting for livestream', 5: 'Livestream ended' };
const COMMENTS_POLICIES: Readonly<Record<number, string>> = { 1: 'Enabled', 2: 'Disabled', 3: 'Requires approval' };
const TRUNCATED_LENGTH = 250;
const PUBLIC = 1;
const LIVE_ENDED = 5;

/** For whom the JSON is, and where this server is. */
export interface VideoView {
  readonly publicUrl: string;
  readonly user: User | null;
  readonly viewers?: ((videoUuid: string) => number) | undefined;
}

/** The view that a user has through the API; null is a visitor's. */
export function viewFor({ settings, lives }: ApiContext, user: User | null): VideoView {
  return { publicUrl: settings.publicUrl, user, viewers: lives.viewers && ((videoUuid) => lives.viewers!(videoUuid)) };
}

/** The JSON of a user's account or of a channel, as videos name it. */
export function actorJson(
  publicUrl: string,
  kind: 'accounts' | 'video-channels',
  actor: { id: number; name: string; displayName: string },
) {
  const { id, name, displayName } = actor;
  return { id, name, displayName, url: `${publicUrl}/${kind}/${name}`, host: new URL(publicUrl).host, avatars: [] };
}

/** A video as lists tell it. */
export function videoJson(row: VideoRow, view: VideoView): z.output<typeof videoSchema> {
  const { publicUrl } = view;
  const shortUUID = encodeShortUuid(row.uuid);
  return {
    id: row.id,
    uuid: row.uuid,
    shortUUID,
    url: `${publicUrl}/videos/watch/${row.uuid}`,
    name: row.name,
    truncatedDescription: row.description && truncated(row.description),
    category: labelled(row.category),
    licence: labelled(row.licence),
    language: labelled(row.language),
    privacy: { id: row.privacy, label: PRIVACIES[row.privacy] ?? 'Unknown' },
    state: { id: row.state, label: STATES[row.state] ?? 'Unknown' },
    isLive: row.isLive,
    isLocal: true,
    nsfw: row.nsfw,
    nsfwFlags: row.nsfwFlags,
    nsfwSummary: row.nsfwSummary,
    duration: Math.round(row.durationMs / 1000),
    aspectRatio: row.width && row.height ? Math.round((row.width / row.height) * 10_000) / 10_000 : null,
    views: row.views,
    ...(row.isLive && view.viewers ? { viewers: view.viewers(row.uuid) } : {}),
    likes: 0,
    dislikes: 0,
    comments: 0,
    embedPath: `/videos/embed/${shortUUID}`,
    thumbnailPath: null,
    previewPath: null,
    thumbnails: [],
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    publishedAt: row.publishedAt.toISOString(),
    originallyPublishedAt: row.originallyPublishedAt?.toISOString() ?? null,
    account: actorJson(publicUrl, 'accounts', { id: row.ownerId, name: row.ownerName, displayName: row.ownerName }),
    channel: channelOf(row, publicUrl),
    ...(row.schedules ? { liveSchedules: row.schedules.map((at) => ({ startAt: at.toISOString() })) } : {}),
    ...(row.permanent === null ? {} : { permanentLive: row.permanent }),
    ...replayOf(row, view.user),
  };
}

/** A video with all that is told of it by itself. */
export function videoDetailsJson(row: VideoRow, view: VideoView): z.output<typeof videoDetailsSchema> {
  const playlistUrl = `${view.publicUrl}/static/streaming-playlists/hls/${row.uuid}/master.m3u8`;
  return {
    ...videoJson(row, view),
    description: row.description,
    support: row.support,
    tags: row.tags,
    channel: { ...channelOf(row, view.publicUrl), description: row.channelDescription, support: row.channelSupport },
    commentsEnabled: row.commentsPolicy !== 2,
    commentsPolicy: { id: row.commentsPolicy, label: COMMENTS_POLICIES[row.commentsPolicy] ?? 'Unknown' },
    downloadEnabled: row.downloadEnabled,
    waitTranscoding: row.waitTranscoding,
    blacklisted: false,
    trackerUrls: [],
    files: [],
    streamingPlaylists:
      row.state === LIVE_ENDED
        ? []
        : [{ id: row.id, type: 1, playlistUrl, segmentsSha256Url: null, trackerUrls: [], redundancies: [], files: [] }],
  };
}

function channelOf(row: VideoRow, publicUrl: string) {
  return actorJson(publicUrl, 'video-channels', {
    id: row.channelId,
    name: row.channelName,
    displayName: row.channelDisplayName,
  });
}

function replayOf(row: VideoRow, user: User | null): Pick<z.output<typeof videoSchema>, 'replayOf'> {
  const { originId: id, originUuid: uuid, originName: name } = row;
  if (id === null || uuid === null || name === null) return {};
  // A public replay must not tell of the private live behind it.
  if (row.originPrivacy !== PUBLIC && !canManage(user, row)) return {};
  return { replayOf: { id, uuid, shortUUID: encodeShortUuid(uuid), name } };
}

function labelled<Id extends string | number>(id: Id | null): { id: Id | null; label: string } {
  return { id, label: id === null ? 'Unknown' : String(id) };
}

function truncated(text: string): string {
  return text.length > TRUNCATED_LENGTH ? `${text.slice(0, TRUNCATED_LENGTH - 1)}…` : text;
}
