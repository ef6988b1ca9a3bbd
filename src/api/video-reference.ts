import { z } from 'zod';
import type { Database } from '../database/database.ts';
import { findVideo } from '../database/videos.ts';
import type { VideoReference, VideoRow } from '../database/videos.ts';
import { Problem } from './problem.ts';
import { decodeShortUuid } from './short-uuid.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const LARGEST_ID = 2_147_483_647;

/** The `{id}` of a path. */
export const videoParamsSchema = z.object({
  id: z
    .string()
    .max(36)
    .refine((text) => parseVideoReference(text) !== null, 'Must be a number, a UUID or a short UUID')
    .describe('Number, UUID or short UUID of the video'),
});

/** A video as clients name it: by number, UUID or short UUID. Null when the text is none of them. */
export function parseVideoReference(text: string): VideoReference | null {
  if (/^\d{1,20}$/.test(text)) return { id: Number(text) };
  if (UUID.test(text)) return { uuid: text.toLowerCase() };
  const uuid = decodeShortUuid(text);
  return uuid === null ? null : { uuid };
}

/** The video of a path, or 404; and whether it was named by its number, which anyone could guess. */
export async function videoOf(database: Database, id: string): Promise<{ video: VideoRow; byNumber: boolean }> {
  const reference = parseVideoReference(id);
  const byNumber = reference !== null && 'id' in reference;
  const video = reference && !(byNumber && reference.id > LARGEST_ID) ? await findVideo(database, reference) : null;
  if (!video) throw new Problem(404, `Video not found: ${id}.`);
  return { video, byNumber };
}

/** As {@link videoOf}, for routes of lives. */
export async function liveOf(database: Database, id: string): Promise<{ video: VideoRow; byNumber: boolean }> {
  const found = await videoOf(database, id);
  if (!found.video.isLive) throw new Problem(404, `Live video not found: ${id} is not a live.`);
  return found;
}
