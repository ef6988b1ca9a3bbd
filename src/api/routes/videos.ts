import { z } from 'zod';
import { readLiveRecord, readReplayRecord } from '../../database/directory.ts';
import { findChannel, findChannelByName } from '../../database/channels.ts';
import { deleteVideo, listVideos, updateVideo } from '../../database/videos.ts';
import type { VideoRow } from '../../database/videos.ts';
import { channelJson } from '../channel-json.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { isModerator, optionalUser, requiredUser, requireManager, requireViewer, userOf } from '../guard.ts';
import { readMultipartBody } from '../multipart-body.ts';
import { invalidField, Problem } from '../problem.ts';
import { listOf, parseSort } from '../schemas/paging.ts';
import { channelSchema } from '../schemas/user.ts';
import { videoDetailsSchema, videoSchema, videoUpdateSchema } from '../schemas/video.ts';
import { videoFieldsOf } from '../video-fields.ts';
import { videoDetailsJson, videoJson } from '../video-json.ts';
import { videoListFilter, videoListSchema } from '../video-list.ts';
import { videoOf, videoParamsSchema } from '../video-reference.ts';

const tags = ['Video'];
const security = [{ oauth2: [] }];
const channelParams = z.object({ name: z.string().min(1).max(200).describe('Name of the channel; "@host" may follow') });

/** Videos: lives on air, waiting and ended, and replays. */
export function registerVideos(app: ApiServer, context: ApiContext): void {
  const { database, authenticator, settings, lives } = context;
  const signedIn = requiredUser(authenticator);
  const anyone = optionalUser(authenticator);
  const viewers = lives.viewers?.bind(lives);
  const view = (user: ApiContextUser) => ({ publicUrl: settings.publicUrl, user, viewers });

  app.get(
    '/videos',
    { onRequest: anyone, schema: { tags, summary: 'Videos that anyone may see', querystring: videoListSchema, response: { 200: listOf(videoSchema) } } },
    async (request) => {
      const { user, query } = request;
      const { total, rows } = await listVideos(database, videoListFilter(query, user, isModerator(user)), parseSort(query.sort), query);
      return { total, data: rows.map((row) => videoJson(row, view(user))) };
    },
  );

  async function channelOf(name: string) {
    const [local, host] = name.split('@');
    const channel = host === undefined || host === new URL(settings.publicUrl).host ? await findChannelByName(database, local!) : null;
    if (!channel) throw new Problem(404, `Video channel not found: ${name}.`);
    return channel;
  }

  app.get(
    '/video-channels/:name',
    { schema: { tags: ['Channel'], summary: 'A channel', params: channelParams, response: { 200: channelSchema } } },
    async (request) => channelJson(await channelOf(request.params.name), settings.publicUrl),
  );

  app.get(
    '/video-channels/:name/videos',
    {
      onRequest: anyone,
      schema: { tags: ['Channel'], summary: 'Videos of a channel', params: channelParams, querystring: videoListSchema, response: { 200: listOf(videoSchema) } },
    },
    async (request) => {
      const { user, query } = request;
      const channel = await channelOf(request.params.name);
      const mayAskAll = user?.id === channel.userId || isModerator(user);
      const filter = { ...videoListFilter(query, user, mayAskAll), channelId: channel.id };
      const { total, rows } = await listVideos(database, filter, parseSort(query.sort), query);
      return { total, data: rows.map((row) => videoJson(row, view(user))) };
    },
  );

  app.get(
    '/videos/:id',
    { onRequest: anyone, schema: { tags, summary: 'A video', params: videoParamsSchema, response: { 200: videoDetailsSchema } } },
    async (request) => {
      const { video, byNumber } = await videoOf(database, request.params.id);
      requireViewer(request.user, video, byNumber);
      return videoDetailsJson(video, view(request.user));
    },
  );

  app.put(
    '/videos/:id',
    {
      onRequest: signedIn,
      preValidation: readMultipartBody,
      schema: {
        tags,
        security,
        summary: 'Change a video',
        consumes: ['multipart/form-data', 'application/json', 'application/x-www-form-urlencoded'],
        params: videoParamsSchema,
        body: videoUpdateSchema,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const { video } = await videoOf(database, request.params.id);
      const user = userOf(request);
      requireManager(user, video);
      const { channelId } = request.body;
      if (channelId !== undefined && channelId !== video.channelId) await requireChannel(channelId, video);
      await context.inOrder.run(video.uuid, async () => {
        const { live, replay } = await database.transaction(async (transaction) => {
          const isThere = await updateVideo(transaction, video.id, { ...videoFieldsOf(request.body), channelId });
          if (!isThere) throw new Problem(404, `Video not found: ${request.params.id}.`);
          return { live: await readLiveRecord(transaction, video.id), replay: await readReplayRecord(transaction, video.id) };
        });
        if (live) lives.put(live);
        if (replay) lives.putReplay(replay);
      });
      return reply.code(204).send();
    },
  );

  async function requireChannel(channelId: number, video: VideoRow): Promise<void> {
    const channel = await findChannel(database, channelId);
    if (!channel) throw invalidField('channelId', channelId, 'No channel has this id');
    if (channel.userId !== video.ownerId) throw new Problem(403, 'Cannot move a video to a channel of another user.');
  }

  app.delete(
    '/videos/:id',
    { onRequest: signedIn, schema: { tags, security, summary: 'Delete a video', params: videoParamsSchema, response: { 204: z.undefined() } } },
    async (request, reply) => {
      const { video } = await videoOf(database, request.params.id);
      requireManager(userOf(request), video);
      await context.inOrder.run(video.uuid, async () => {
        await deleteVideo(database, video.id);
        if (video.isLive) await lives.remove(video.uuid);
        else if (video.sessionId !== null) await lives.removeReplay({ videoUuid: video.uuid, sessionId: video.sessionId });
      });
      context.log.info({ videoUuid: video.uuid, user: userOf(request).username }, 'video deleted');
      return reply.code(204).send();
    },
  );
}

type ApiContextUser = Parameters<typeof videoJson>[1]['user'];
