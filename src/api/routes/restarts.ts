import { z } from 'zod';
import type { LiveRestart } from '../../lives/restarts.ts';
import type { User } from '../../database/users.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { canManage, isModerator, requiredUser, requireManager, userOf } from '../guard.ts';
import { Problem } from '../problem.ts';
import { listOf } from '../schemas/paging.ts';
import { restartPlanSchema, restartRequestSchema, restartSchema } from '../schemas/restart.ts';
import { encodeShortUuid } from '../short-uuid.ts';
import { parseVideoReference } from '../video-reference.ts';

const tags = ['Live'];
const security = [{ oauth2: [] }];

/** Restarts of lives, spread over a time. They are in memory: the database is not asked. */
export function registerRestarts(app: ApiServer, { authenticator, lives, log }: ApiContext): void {
  const signedIn = requiredUser(authenticator);
  const visible = (user: User): LiveRestart[] => lives.restarts.list().filter(({ live }) => canManage(user, live));

  app.post(
    '/videos/live/restarts',
    {
      preParsing: signedIn,
      schema: {
        tags,
        security,
        summary: 'End the sessions of lives, spread over a time, so that their encoders connect again',
        description:
          'Each session ends with its replay; the encoder is told why, and what it sends next is a new session. Sessions that began after this call are left alone.',
        body: restartRequestSchema,
        response: { 202: restartPlanSchema },
      },
    },
    async (request, reply) => {
      const user = userOf(request);
      const { ids, overS } = request.body;
      const named = ids?.map((id) => {
        const reference = parseVideoReference(String(id));
        const live = reference && lives.find(reference);
        if (!live) throw new Problem(404, `Live video not found: ${id}.`);
        requireManager(user, live);
        return live.uuid;
      });
      const choice = named ? { videoUuids: named } : isModerator(user) ? null : { ownerId: user.id };
      log.info({ user: user.id, lives: named?.length ?? 'all', overS }, 'restarts asked for');
      const leftAlone = lives.restarts.plan(choice, overS * 1000);
      const data = visible(user).map(restartJson);
      return reply.code(202).send({
        total: data.length,
        data,
        leftAlone: leftAlone.map(({ videoUuid: uuid, reason }) => ({ uuid, reason })),
      });
    },
  );

  app.get(
    '/videos/live/restarts',
    {
      preParsing: signedIn,
      schema: {
        tags,
        security,
        summary: 'The restarts that are planned, the next one first',
        response: { 200: listOf(restartSchema) },
      },
    },
    (request) => {
      const data = visible(userOf(request)).map(restartJson);
      return { total: data.length, data };
    },
  );

  app.delete(
    '/videos/live/restarts',
    {
      preParsing: signedIn,
      schema: { tags, security, summary: 'Forget the restarts that are planned', response: { 204: z.undefined() } },
    },
    async (request, reply) => {
      const user = userOf(request);
      const forgotten = visible(user);
      for (const { live } of forgotten) lives.restarts.cancel(live.videoUuid);
      log.info({ user: user.id, lives: forgotten.length }, 'restarts forgotten');
      return reply.code(204).send();
    },
  );
}

function restartJson({ live, at }: LiveRestart): z.output<typeof restartSchema> {
  const { videoId: id, videoUuid: uuid, name } = live;
  return { date: new Date(at).toISOString(), video: { id, uuid, shortUUID: encodeShortUuid(uuid), name } };
}
