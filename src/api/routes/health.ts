import { z } from 'zod';
import type { ApiContext, ApiServer } from '../context.ts';
import { healthJson } from '../health.ts';
import { healthSchema } from '../schemas/health.ts';

const tags = ['Server'];
const answer = z.object({ status: z.enum(['ok', 'down']) });

/** How the server is, for those that watch over it. */
export function registerHealth(app: ApiServer, { health }: ApiContext): void {
  app.get(
    '/health',
    {
      schema: {
        tags,
        summary: 'How is the server?',
        description: '200 for ok and degraded, 503 for down.',
        response: { 200: healthSchema, 503: healthSchema },
      },
    },
    async (_request, reply) => {
      const json = healthJson(await health.read());
      return reply.code(json.status === 'down' ? 503 : 200).send(json);
    },
  );

  app.get(
    '/health/live',
    { schema: { tags, summary: 'Does the process answer?', response: { 200: answer } } },
    () => ({ status: 'ok' }) as const,
  );

  app.get(
    '/health/ready',
    {
      schema: {
        tags,
        summary: 'Are publishers let in?',
        description: 'The database is not asked: broadcasts do without it.',
        response: { 200: answer, 503: answer },
      },
    },
    async (_request, reply) =>
      health.receiving() ? reply.code(200).send({ status: 'ok' }) : reply.code(503).send({ status: 'down' }),
  );
}
