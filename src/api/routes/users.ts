import { listChannelsOf } from '../../database/channels.ts';
import { recordedBytesOf } from '../../database/users.ts';
import { listVideos } from '../../database/videos.ts';
import { channelJson } from '../channel-json.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { requiredUser, userOf } from '../guard.ts';
import { listOf, parseSort } from '../schemas/paging.ts';
import { meSchema, quotaUsedSchema } from '../schemas/user.ts';
import { videoSchema } from '../schemas/video.ts';
import { actorJson, videoJson, viewFor } from '../video-json.ts';
import { videoListFilter, videoListSchema } from '../video-list.ts';

const tags = ['My user'];
const security = [{ oauth2: [] }];
const ROLES: Readonly<Record<number, string>> = { 0: 'Administrator', 1: 'Moderator', 2: 'User' };
const MINE = videoListSchema.omit({ include: true, includeScheduledLive: true, includeWaitingLive: true });

/** Who is signed in, and what is theirs. */
export function registerUsers(app: ApiServer, context: ApiContext): void {
  const { database, authenticator, settings } = context;
  const { publicUrl } = settings;
  const preParsing = requiredUser(authenticator);

  app.get(
    '/users/me',
    { preParsing, schema: { tags, security, summary: 'Who is signed in', response: { 200: meSchema } } },
    async (request) => {
      const user = userOf(request);
      const channels = await listChannelsOf(database, user.id);
      return {
        id: user.id,
        username: user.username,
        email: user.email,
        emailVerified: true,
        role: { id: user.role, label: ROLES[user.role] ?? 'Unknown' },
        blocked: user.blocked,
        blockedReason: null,
        videoQuota: -1 as const,
        videoQuotaDaily: -1 as const,
        createdAt: user.createdAt.toISOString(),
        account: actorJson(publicUrl, 'accounts', { id: user.id, name: user.username, displayName: user.username }),
        videoChannels: channels.map((channel) => channelJson(channel, publicUrl)),
      };
    },
  );

  app.get(
    '/users/me/videos',
    {
      preParsing,
      schema: {
        tags,
        security,
        summary: 'My lives and replays, in every state and privacy',
        querystring: MINE,
        response: { 200: listOf(videoSchema) },
      },
    },
    async (request) => {
      const { query } = request;
      const user = userOf(request);
      const filter = {
        ...videoListFilter(query, user, true),
        ownerId: user.id,
        states: null,
        privacies: query.privacyOneOf ?? null,
      };
      const { total, rows } = await listVideos(database, filter, parseSort(query.sort), query);
      const view = viewFor(context, user);
      return { total, data: rows.map((row) => videoJson(row, view)) };
    },
  );

  app.get(
    '/users/me/video-quota-used',
    {
      preParsing,
      schema: { tags, security, summary: 'What my replays hold on disk, in bytes', response: { 200: quotaUsedSchema } },
    },
    async (request) => {
      const { total, daily } = await recordedBytesOf(database, userOf(request).id);
      return { videoQuotaUsed: total, videoQuotaUsedDaily: daily };
    },
  );
}
