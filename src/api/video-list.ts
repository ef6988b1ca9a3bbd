import { z } from 'zod';
import type { User } from '../database/users.ts';
import { VIDEO_SORT_KEYS } from '../database/videos.ts';
import type { VideoFilter } from '../database/videos.ts';
import { Problem } from './problem.ts';
import { pageFields, sortField } from './schemas/paging.ts';
import { privacySchema } from './schemas/video.ts';
import { parseVideoReference } from './video-reference.ts';

const PUBLISHED = 1;
const WAITING_FOR_LIVE = 4;
const PUBLIC = 1;
const INTERNAL = 4;
/** Bit of `include`: videos that are not published, such as lives that wait. */
const INCLUDE_NOT_PUBLISHED = 1;

const listed = <Item extends z.ZodType>(item: Item) => z.array(item).max(50).optional();

/** The query of every list of videos. */
export const videoListSchema = z.object({
  ...pageFields(),
  sort: sortField(VIDEO_SORT_KEYS, '-publishedAt'),
  isLive: z.boolean().optional().describe('true: lives only; false: replays only'),
  includeScheduledLive: z.boolean().optional().describe('Also lives that wait for a time to come'),
  includeWaitingLive: z.boolean().optional().describe('Ours. Also lives that wait for their publisher'),
  search: z.string().max(200).optional().describe('Part of the name'),
  channelId: z.int().min(1).max(2_147_483_647).optional().describe('Ours'),
  replayOf: z
    .string()
    .refine((text) => 'uuid' in (parseVideoReference(text) ?? {}), 'Must be the UUID or short UUID of a live')
    .optional()
    .describe('Ours. Replays of this live'),
  tagsOneOf: listed(z.string()),
  categoryOneOf: listed(z.int().min(0).max(32_767)),
  licenceOneOf: listed(z.int().min(0).max(32_767)),
  languageOneOf: listed(z.string()),
  nsfw: z.enum(['true', 'false', 'both']).optional(),
  privacyOneOf: listed(privacySchema).describe('For moderators, and owners of the channel'),
  include: z
    .int()
    .min(0)
    .max(1_023)
    .optional()
    .describe('Bit 1: also what is not published. For moderators, and owners of the channel'),
});

/** The filter of a list. Who may ask for all sees every privacy and state on request; others what is public, and internal once signed in. */
export function videoListFilter(query: z.output<typeof videoListSchema>, user: User | null, mayAskAll: boolean): VideoFilter {
  const include = query.include ?? 0;
  if (!mayAskAll && (query.privacyOneOf || (include & INCLUDE_NOT_PUBLISHED) !== 0)) {
    throw new Problem(user ? 403 : 401, 'privacyOneOf and include are for moderators, and for owners of the channel.');
  }
  const reference = query.replayOf === undefined ? null : parseVideoReference(query.replayOf);
  return {
    isLive: query.isLive ?? null,
    states:
      (include & INCLUDE_NOT_PUBLISHED) !== 0 ? null : query.includeWaitingLive ? [PUBLISHED, WAITING_FOR_LIVE] : [PUBLISHED],
    scheduled: query.includeScheduledLive ?? false,
    privacies: query.privacyOneOf ?? (user ? [PUBLIC, INTERNAL] : [PUBLIC]),
    channelId: query.channelId ?? null,
    ownerId: null,
    search: query.search ?? null,
    replayOf: reference && 'uuid' in reference ? reference.uuid : null,
    tagsOneOf: query.tagsOneOf ?? null,
    categoryOneOf: query.categoryOneOf ?? null,
    licenceOneOf: query.licenceOneOf ?? null,
    languageOneOf: query.languageOneOf ?? null,
    nsfw: query.nsfw === undefined || query.nsfw === 'both' ? null : query.nsfw === 'true',
  };
}
