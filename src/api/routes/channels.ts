import { z } from 'zod';
import { findChannelByName } from '../../database/channels.ts';
import type { Channel } from '../../database/channels.ts';
import { listVideos } from '../../database/videos.ts';
import { channelJson } from '../channel-json.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { isModerator, optionalUser } from '../guard.ts';
import { Problem } from '../problem.ts';
import { listOf, parseSort } from '../schemas/paging.ts';
import { channelSchema } from '../schemas/user.ts';
import { videoSchema } from '../schemas/video.ts';
import { videoJson, viewFor } from '../video-json.ts';
import { videoListFilter, videoListSchema } from '../video-list.ts';

const tags = ['Channel'];
const params = z.object({ name: z.string().min(1).max(200).describe('Name of the channel; "@host" may follow') });

/** Channels and what they show. */
export function registerChannels(app: ApiServer, context: ApiContext): void {
  const { database, authenticator, settings } = context;

  async function channelOf(name: string): Promise<Channel> {
    const [local = '', host] = name.split('@');
    const isHere = host === undefined || host === new URL(settings.publicUrl).host;
    const channel = isHere ? await findChannelByName(database, local) : null;
    if (!channel) throw new Problem(404, `Video channel not found: ${name}.`);
    return channel;
  }

  app.get(
    '/video-channels/:name',
    { schema: { tags, summary: 'A channel', params, response: { 200: channelSchema } } },
    async (request) => channelJson(await channelOf(request.params.name), settings.publicUrl),
  );

  app.get(
    '/video-channels/:name/videos',
    {
      preParsing: optionalUser(authenticator),
      schema: {
        tags,
        summary: 'Videos of a channel',
        params,
        querystring: videoListSchema,
        response: { 200: listOf(videoSchema) },
      },
    },
    async (request) => {
      const { user, query } = request;
      const channel = await channelOf(request.params.name);
      const mayAskAll = user?.id === channel.userId || isModerator(user);
      const filter = { ...videoListFilter(query, user, mayAskAll), channelId: channel.id };
      const { total, rows } = await listVideos(database, filter, parseSort(query.sort), query);
      const view = viewFor(context, user);
      return { total, data: rows.map((row) => videoJson(row, view)) };
    },
  );
}
