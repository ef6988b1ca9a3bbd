import type { z } from 'zod';
import type { VideoFields } from '../database/videos.ts';
import type { videoUpdateSchema } from './schemas/video.ts';

/** The fields of a video in a request, as the catalogue keeps them; what was not sent is undefined. */
export function videoFieldsOf(body: Omit<z.output<typeof videoUpdateSchema>, 'channelId'>): {
  [Key in keyof VideoFields]?: VideoFields[Key] | undefined;
} {
  const { name, privacy, category, licence, downloadEnabled, nsfw, nsfwFlags, waitTranscoding, commentsEnabled } = body;
  return {
    name,
    privacy,
    category,
    licence,
    downloadEnabled,
    nsfw,
    nsfwFlags,
    waitTranscoding,
    description: emptyIsNull(body.description),
    support: emptyIsNull(body.support),
    language: emptyIsNull(body.language),
    nsfwSummary: emptyIsNull(body.nsfwSummary),
    tags: body.tags === null ? [] : body.tags,
    commentsPolicy: body.commentsPolicy ?? (commentsEnabled === undefined ? undefined : commentsEnabled ? 1 : 2),
    originallyPublishedAt: body.originallyPublishedAt
      ? new Date(body.originallyPublishedAt)
      : body.originallyPublishedAt === null
        ? null
        : undefined,
  };
}

function emptyIsNull(text: string | null | undefined): string | null | undefined {
  return text === '' ? null : text;
}
