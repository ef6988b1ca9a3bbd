import { z } from 'zod';

const DESCRIPTION_LENGTH = 10_000;
const SUPPORT_LENGTH = 1_000;
const TAGS = 5;

/** The privacies this server knows. 5 (password protected) is refused by name. */
export const privacySchema = z
  .literal([1, 2, 3, 4], {
    error: (issue) =>
      issue.input === 5
        ? 'Privacy 5 (password protected) is not supported by this server; use 1 public, 2 unlisted, 3 private or 4 internal'
        : 'Must be 1 public, 2 unlisted, 3 private or 4 internal',
  })
  .describe('1 public, 2 unlisted, 3 private, 4 internal');

/** A moment as text that a Date understands. */
export const momentSchema = z
  .string()
  .max(40)
  .refine(
    (text) => /^[1-9]/.test(text) && !Number.isNaN(Date.parse(text)),
    'Must be a date in ISO 8601, such as 2026-11-23T20:00:00Z',
  )
  .meta({ format: 'date-time' });

const identified = z.object({ id: z.int().nullable(), label: z.string() });
const language = z.object({ id: z.string().nullable(), label: z.string() });
const text = (max: number) => z.string().min(3).max(max).or(z.literal('')).nullable();

const notSupported = (what: string) =>
  z
    .null({ error: `${what} is not supported by this server` })
    .optional()
    .describe('Not supported: leave it out');

/** What may be written of any video; the same on creation and update. */
export const videoFields = {
  name: z.string().trim().min(3).max(120),
  privacy: privacySchema.optional(),
  description: text(DESCRIPTION_LENGTH).optional(),
  support: text(SUPPORT_LENGTH).optional(),
  category: z.int().min(1).max(32_767).nullable().optional(),
  licence: z.int().min(1).max(32_767).nullable().optional(),
  language: z.string().max(20).nullable().optional(),
  tags: z.array(z.string().trim().min(2).max(30)).max(TAGS).nullable().optional(),
  commentsPolicy: z.literal([1, 2, 3]).optional().describe('1 enabled, 2 disabled, 3 requires approval'),
  commentsEnabled: z.boolean().optional().describe('Before commentsPolicy existed: true is 1, false is 2'),
  downloadEnabled: z.boolean().optional(),
  nsfw: z.boolean().optional(),
  nsfwFlags: z.int().min(0).max(2_147_483_647).optional(),
  nsfwSummary: text(250).optional(),
  originallyPublishedAt: momentSchema.nullable().optional(),
  waitTranscoding: z.boolean().optional(),
  scheduleUpdate: notSupported('A scheduled update'),
};

const actor = z.object({
  id: z.int(),
  name: z.string(),
  displayName: z.string(),
  url: z.string(),
  host: z.string(),
  avatars: z.array(z.never()),
});
const channelOfVideo = actor.extend({ description: z.string().nullable(), support: z.string().nullable() });

const playlist = z.object({
  id: z.int(),
  type: z.literal(1).describe('HLS'),
  playlistUrl: z.string(),
  segmentsSha256Url: z.string().nullable(),
  trackerUrls: z.array(z.never()),
  redundancies: z.array(z.never()),
  files: z.array(z.never()),
});

/** A video in a list. */
export const videoSchema = z
  .object({
    id: z.int(),
    uuid: z.uuid(),
    shortUUID: z.string(),
    url: z.string(),
    name: z.string(),
    truncatedDescription: z.string().nullable(),
    category: identified,
    licence: identified,
    language,
    privacy: z.object({ id: z.int(), label: z.string() }),
    state: z
      .object({ id: z.int(), label: z.string() })
      .describe('1 published (a live: on air), 4 waiting for live, 5 live ended'),
    isLive: z.boolean(),
    isLocal: z.literal(true),
    nsfw: z.boolean(),
    nsfwFlags: z.int(),
    nsfwSummary: z.string().nullable(),
    duration: z.int().describe('Seconds; 0 of a live'),
    aspectRatio: z.number().nullable(),
    views: z.int(),
    viewers: z.int().optional().describe('Of a live: who watches now'),
    likes: z.int(),
    dislikes: z.int(),
    comments: z.int(),
    embedPath: z.string(),
    thumbnailPath: z.string().nullable(),
    previewPath: z.string().nullable(),
    thumbnails: z.array(z.never()),
    createdAt: z.string(),
    updatedAt: z.string(),
    publishedAt: z.string().describe('Of a live: when the newest session began'),
    originallyPublishedAt: z.string().nullable(),
    account: actor,
    channel: actor,
    liveSchedules: z.array(z.object({ startAt: z.string() })).optional(),
    permanentLive: z.boolean().optional().describe('Ours. Of a live: it can be broadcast to again and again'),
    replayOf: z
      .object({ id: z.int(), uuid: z.uuid(), shortUUID: z.string(), name: z.string() })
      .optional()
      .describe('Ours. Of a replay: the live that was broadcast, when you may see it'),
  })
  .meta({ id: 'Video' });

/** A video by itself. */
export const videoDetailsSchema = videoSchema
  .extend({
    description: z.string().nullable(),
    support: z.string().nullable(),
    tags: z.array(z.string()),
    channel: channelOfVideo,
    commentsEnabled: z.boolean(),
    commentsPolicy: z.object({ id: z.int(), label: z.string() }),
    downloadEnabled: z.boolean(),
    waitTranscoding: z.boolean(),
    blacklisted: z.literal(false),
    trackerUrls: z.array(z.never()),
    files: z.array(z.never()),
    streamingPlaylists: z.array(playlist),
  })
  .meta({ id: 'VideoDetails' });

/** `PUT /videos/{id}`. */
export const videoUpdateSchema = z
  .object({ ...videoFields, name: videoFields.name.optional(), channelId: z.int().min(1).max(2_147_483_647).optional() })
  .meta({ id: 'VideoUpdate' });
