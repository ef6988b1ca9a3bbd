import { z } from 'zod';
import { parseVideoReference } from '../video-reference.ts';

const IDS = 5000;
const DAY_S = 86_400;

const reference = z
  .union([z.int().min(1), z.string().max(36)])
  .refine((id) => parseVideoReference(String(id)) !== null, 'Must be a number, a UUID or a short UUID');

/** `POST /videos/live/restarts`. */
export const restartRequestSchema = z.object({
  ids: z
    .array(reference)
    .min(1)
    .max(IDS)
    .optional()
    .describe('Numbers, UUIDs or short UUIDs of lives; without it: all that you may change'),
  overS: z.number().min(0).max(DAY_S).describe('Seconds over which the restarts are spread'),
});

/** A live whose session is to end, so that its encoder comes back into a new one. */
export const restartSchema = z
  .object({
    date: z.string().describe('When'),
    video: z.object({ id: z.int(), uuid: z.uuid(), shortUUID: z.string(), name: z.string() }),
  })
  .meta({ id: 'LiveRestart' });

export const restartPlanSchema = z.object({
  total: z.int(),
  data: z.array(restartSchema),
  leftAlone: z
    .array(z.object({ uuid: z.uuid(), reason: z.enum(['not_on_air', 'not_permanent']) }))
    .describe('Lives that were named and are not restarted'),
});
