import { z } from 'zod';

/** `GET /health`: how the server is. */
export const healthSchema = z
  .object({
    status: z
      .enum(['ok', 'degraded', 'down'])
      .describe('degraded: something fails, and publishers and viewers go on. down: publishers are not let in'),
    database: z.object({ ok: z.boolean(), latencyMs: z.int(), error: z.string().optional() }),
    ledger: z.object({
      pending: z.int().describe('Facts that the database does not have yet'),
      degraded: z.boolean().describe('The disk refuses to be written'),
    }),
    lives: z.object({ count: z.int(), onAir: z.int() }),
    recordingsFailing: z.int().describe('Sessions whose recording has failed and that go on for viewers'),
  })
  .meta({ id: 'Health' });
