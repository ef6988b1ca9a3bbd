import { z } from 'zod';
import { momentSchema, privacySchema, videoFields } from './video.ts';

const SCHEDULES = 100;
const DAY_S = 86_400;

const replaySettings = z.object({ privacy: privacySchema });
const schedules = z.array(z.object({ startAt: momentSchema })).max(SCHEDULES);

const ours = {
  reconnectWindow: z
    .number()
    .min(0)
    .max(DAY_S)
    .nullable()
    .describe('Ours. Seconds an interrupted session waits for its publisher before it ends; null: the setting of the server'),
  takeover: z
    .enum(['take_over', 'refuse'])
    .describe('Ours. What a second publisher with the same key does to the first: takes over, or is refused'),
};

/** The settings of a live, as a client may write them. */
function liveFields(dvrMaxWindowS: number) {
  return {
    permanentLive: z.boolean().optional(),
    saveReplay: z.boolean().optional(),
    replaySettings: replaySettings.nullable().optional(),
    latencyMode: z.literal([1, 2, 3]).optional().describe('1 default, 2 high latency, 3 small latency'),
    dvrWindow: z.int().min(0).max(dvrMaxWindowS).optional().describe('Seconds a viewer can go back while on air; 0 is off'),
    schedules: schedules.nullable().optional(),
    reconnectWindow: ours.reconnectWindow.optional(),
    takeover: ours.takeover.optional(),
  };
}

/** `POST /videos/live`. */
export function liveCreateSchema(dvrMaxWindowS: number) {
  return z.object({ channelId: z.int().min(1).max(2_147_483_647), ...videoFields, ...liveFields(dvrMaxWindowS) });
}

/** `PUT /videos/live/{id}`. */
export function liveUpdateSchema(dvrMaxWindowS: number) {
  return z.object(liveFields(dvrMaxWindowS));
}

export const liveCreatedSchema = z.object({ video: z.object({ id: z.int(), uuid: z.uuid(), shortUUID: z.string() }) });

/** A live's settings; the first three are for who may manage it. */
export const liveSchema = z
  .object({
    rtmpUrl: z.string().nullable().optional(),
    rtmpsUrl: z.string().nullable().optional(),
    streamKey: z.uuid().optional(),
    permanentLive: z.boolean(),
    saveReplay: z.boolean(),
    replaySettings: z.object({ privacy: z.int() }).optional(),
    latencyMode: z.int(),
    dvrWindow: z.int(),
    schedules: z.array(z.object({ startAt: z.string() })),
    ...ours,
  })
  .meta({ id: 'LiveVideo' });

/** A try to publish to a live. */
export const attemptSchema = z
  .object({
    date: z.string(),
    accepted: z.boolean(),
    code: z.string().describe('accepted, or why it was refused, such as takeover_held_down'),
    text: z.string().describe('What the encoder was told'),
    address: z.string().describe('Where it came from'),
    encoder: z.string().nullable().describe('What the encoder calls itself'),
    sessionId: z.uuid().nullable().describe('The session that it was accepted into'),
  })
  .meta({ id: 'LiveAttempt' });

/** One broadcast of a live. */
export const liveSessionSchema = z
  .object({
    id: z.int(),
    startDate: z.string(),
    endDate: z.string().nullable(),
    error: z
      .int()
      .nullable()
      .describe(
        '1 bad socket health, 2 duration exceeded, 3 quota exceeded, 4 encoder error, 5 blocked, 6 and 7 runner, 8 unknown, 9 invalid input',
      ),
    saveReplay: z.boolean(),
    endingProcessed: z.boolean().describe('The session has ended, and its replay, if it has one, is there'),
    replaySettings: z.object({ privacy: z.int() }).optional(),
    replayVideo: z.object({ id: z.int(), uuid: z.uuid(), shortUUID: z.string() }).optional(),
    uuid: z.uuid().describe('Ours. The session in the logs, and the UUID of its replay'),
    endReason: z.string().nullable().describe('Ours. Why it ended, such as unpublished, window_elapsed, restarted, live_deleted'),
    errorDetail: z.string().nullable().describe('Ours. What the error was, in words'),
    recordedBytes: z.number().describe('Ours'),
    recordedMs: z.number().describe('Ours. Media recorded; gaps do not count'),
    gaps: z.array(z.object({ beganAt: z.string(), endedAt: z.string() })).describe('Ours. While it waited for its publisher'),
  })
  .meta({ id: 'LiveVideoSession' });
