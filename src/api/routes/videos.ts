import { z } from 'zod';
import { listVideos } from '../../database/videos.ts';
import { changeVideo, removeVideo } from '../change-video.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { isModerator, optionalUser, requiredUser, requireManager, requireViewer, userOf } from '../guard.ts';
import { readMultipartBody } from '../multipart-body.ts';
import { listOf, parseSort } from '../schemas/paging.ts';
import { videoDetailsSchema, videoSchema, videoUpdateSchema } from '../schemas/video.ts';
import { videoDetailsJson, videoJson, viewFor } from '../video-json.ts';
import { videoListFilter, videoListSchema } from '../video-list.ts';
import { videoOf, videoParamsSchema } from '../video-reference.ts';

const tags = ['Video'];
const security = [{ oauth2: [] }];
const consumes = ['multipart/form-data', 'application/json', 'application/x-www-form-urlencoded'];

/** Videos: lives on air, waiting and ended, and replays. */
export function registerVideos(app: ApiServer, context: ApiContext): void {
  const { database, authenticator } = context;
  const signedIn = requiredUser(authenticator);
  const anyone = optionalUser(authenticator);

  app.get(
    '/videos',
    {
      preParsing: anyone,
      schema: {
        tags,
        summary: 'Videos that anyone may see',
        querystring: videoListSchema,
        response: { 200: listOf(videoSchema) },
      },
    },
    async (request) => {
      const { user, query } = request;
      const { total, rows } = await listVideos(
        database,
        videoListFilter(query, user, isModerator(user)),
        parseSort(query.sort),
        query,
      );
      const view = viewFor(context, user);
      return { total, data: rows.map((row) => videoJson(row, view)) };
    },
  );

  app.get(
    '/videos/:id',
    {
      preParsing: anyone,
      schema: { tags, summary: 'A video', params: videoParamsSchema, response: { 200: videoDetailsSchema } },
    },
    async (request) => {
      const { video, byNumber } = await videoOf(database, request.params.id);
      requireViewer(request.user, video, byNumber);
      return videoDetailsJson(video, viewFor(context, request.user));
    },
  );

  app.put(
    '/videos/:id',
    {
      preParsing: signedIn,
      preValidation: readMultipartBody,
      schema: {
        tags,
        security,
        summary: 'Change a video',
        consumes,
        params: videoParamsSchema,
        body: videoUpdateSchema,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const { video } = await videoOf(database, request.params.id);
      requireManager(userOf(request), video);
      await changeVideo(context, video, request.body);
      return reply.code(204).send();
    },
  );

  app.delete(
    '/videos/:id',
    {
      preParsing: signedIn,
      schema: { tags, security, summary: 'Delete a video', params: videoParamsSchema, response: { 204: z.undefined() } },
    },
    async (request, reply) => {
      const { video } = await videoOf(database, request.params.id);
      const user = userOf(request);
      requireManager(user, video);
      await removeVideo(context, video, user.username);
      return reply.code(204).send();
    },
  );
}
