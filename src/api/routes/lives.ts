import { z } from 'zod';
import { findSessionOfReplay, listLiveSessions } from '../../database/live-sessions.ts';
import { findLiveSettings } from '../../database/lives.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { createLive } from '../create-live.ts';
import { canManage, optionalUser, requiredUser, requireManager, requireViewer, userOf } from '../guard.ts';
import { liveJson, liveSessionJson } from '../live-json.ts';
import { attemptJson, readAttempts } from '../list-attempts.ts';
import { readMultipartBody } from '../multipart-body.ts';
import { Problem } from '../problem.ts';
import { listOf, pageFields, parseSort, sortField } from '../schemas/paging.ts';
import {
  attemptSchema,
  liveCreatedSchema,
  liveCreateSchema,
  liveSchema,
  liveSessionSchema,
  liveUpdateSchema,
} from '../schemas/live.ts';
import { encodeShortUuid } from '../short-uuid.ts';
import { updateLive } from '../update-live.ts';
import { liveOf, parseVideoReference, videoOf, videoParamsSchema } from '../video-reference.ts';

const tags = ['Live'];
/** As many as are kept. */
const ATTEMPTS = 100;
const security = [{ oauth2: [] }];

/** Lives and their sessions. */
export function registerLives(app: ApiServer, context: ApiContext): void {
  const { database, authenticator, lives, settings } = context;
  const signedIn = requiredUser(authenticator);
  const anyone = optionalUser(authenticator);

  app.post(
    '/videos/live',
    {
      preParsing: signedIn,
      preValidation: readMultipartBody,
      schema: {
        tags,
        security,
        summary: 'Create a live',
        description: 'replaySettings is kept only with saveReplay; without it, replays have the privacy of the live.',
        consumes: ['multipart/form-data', 'application/json', 'application/x-www-form-urlencoded'],
        body: liveCreateSchema(settings.dvrMaxWindowS),
        response: { 200: liveCreatedSchema },
      },
    },
    async (request) => {
      const { videoId: id, videoUuid: uuid } = await createLive(context, userOf(request), request.body);
      return { video: { id, uuid, shortUUID: encodeShortUuid(uuid) } };
    },
  );

  app.get(
    '/videos/live/:id',
    {
      preParsing: anyone,
      schema: { tags, summary: 'The settings of a live', params: videoParamsSchema, response: { 200: liveSchema } },
    },
    async (request) => {
      const { video, byNumber } = await liveOf(database, request.params.id);
      requireViewer(request.user, video, byNumber);
      const live = await findLiveSettings(database, video.id);
      if (!live) throw new Problem(404, `Live video not found: ${request.params.id}.`);
      return liveJson(live, { canManage: canManage(request.user, video), ...settings });
    },
  );

  app.put(
    '/videos/live/:id',
    {
      preParsing: signedIn,
      preValidation: readMultipartBody,
      schema: {
        tags,
        security,
        summary: 'Change the settings of a live',
        description: 'While on air too: the session on air keeps the settings it began with.',
        params: videoParamsSchema,
        body: liveUpdateSchema(settings.dvrMaxWindowS),
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const { video } = await liveOf(database, request.params.id);
      requireManager(userOf(request), video);
      await updateLive(context, video, request.body);
      return reply.code(204).send();
    },
  );

  app.get(
    '/videos/live/:id/sessions',
    {
      preParsing: signedIn,
      schema: {
        tags,
        security,
        summary: 'The sessions of a live',
        params: videoParamsSchema,
        querystring: z.object({ ...pageFields(100), sort: sortField(['startDate'], 'startDate') }),
        response: { 200: listOf(liveSessionSchema) },
      },
    },
    async (request) => {
      const { video } = await liveOf(database, request.params.id);
      requireManager(userOf(request), video);
      const { total, rows } = await listLiveSessions(database, video.id, parseSort(request.query.sort), request.query);
      return { total, data: rows.map(liveSessionJson) };
    },
  );

  app.get(
    '/videos/live/:id/attempts',
    {
      preParsing: signedIn,
      schema: {
        tags,
        security,
        summary: 'The tries to publish to a live, newest first',
        description: `Accepted and refused; the newest ${ATTEMPTS} are kept. While the database is away: those since the start of the server.`,
        params: videoParamsSchema,
        querystring: z.object(pageFields()),
        response: { 200: listOf(attemptSchema) },
      },
    },
    async (request) => {
      const reference = parseVideoReference(request.params.id);
      const live = (reference && lives.find(reference)) ?? (await liveOf(database, request.params.id)).video;
      requireManager(userOf(request), live);
      const attempts = await readAttempts(database, live.uuid, lives.attempts.of(live.uuid), ATTEMPTS);
      const { start, count } = request.query;
      return { total: attempts.length, data: attempts.slice(start, start + count).map(attemptJson) };
    },
  );

  app.get(
    '/videos/:id/live-session',
    {
      preParsing: anyone,
      schema: {
        tags,
        summary: 'The session that a replay shows',
        params: videoParamsSchema,
        response: { 200: liveSessionSchema },
      },
    },
    async (request) => {
      const { video, byNumber } = await videoOf(database, request.params.id);
      requireViewer(request.user, video, byNumber);
      const session = await findSessionOfReplay(database, video.id);
      if (!session) throw new Problem(404, 'No live replay found.');
      return liveSessionJson(session);
    },
  );
}
