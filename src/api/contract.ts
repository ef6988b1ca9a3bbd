/** The API's types, for its clients: the pages and the command line. Types only, so that importing it runs nothing. */
import type { z } from 'zod';
import type { configSchema } from './schemas/config.ts';
import type { healthSchema } from './schemas/health.ts';
import type {
  attemptSchema,
  liveCreateSchema,
  liveCreatedSchema,
  liveSchema,
  liveSessionSchema,
  liveUpdateSchema,
} from './schemas/live.ts';
import type { restartPlanSchema, restartRequestSchema, restartSchema } from './schemas/restart.ts';
import type { channelSchema, meSchema, tokenRequestSchema, tokensSchema } from './schemas/user.ts';
import type { videoDetailsSchema, videoSchema, videoUpdateSchema } from './schemas/video.ts';

export type Video = z.output<typeof videoSchema>;
export type VideoDetails = z.output<typeof videoDetailsSchema>;
export type VideoUpdate = z.input<typeof videoUpdateSchema>;
export type LiveVideo = z.output<typeof liveSchema>;
export type LiveVideoCreate = z.input<ReturnType<typeof liveCreateSchema>>;
export type LiveVideoCreated = z.output<typeof liveCreatedSchema>;
export type LiveVideoUpdate = z.input<ReturnType<typeof liveUpdateSchema>>;
export type LiveVideoSession = z.output<typeof liveSessionSchema>;
export type LiveAttempt = z.output<typeof attemptSchema>;
export type LiveRestart = z.output<typeof restartSchema>;
export type LiveRestartRequest = z.input<typeof restartRequestSchema>;
export type LiveRestartPlan = z.output<typeof restartPlanSchema>;
export type MyUser = z.output<typeof meSchema>;
export type VideoChannel = z.output<typeof channelSchema>;
export type Tokens = z.output<typeof tokensSchema>;
export type TokenRequest = z.input<typeof tokenRequestSchema>;
export type Health = z.output<typeof healthSchema>;
export type ServerConfig = z.output<typeof configSchema>;

/** A page of a list: `total` counts all rows, not those of the page. */
export interface List<Row> {
  readonly total: number;
  readonly data: readonly Row[];
}

/** Every answer that is not a success (RFC 7807). */
export interface ProblemAnswer {
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  readonly status: number;
  readonly docs: string;
  readonly code?: string;
  readonly error: string;
  readonly 'invalid-params'?: Readonly<
    Record<string, { readonly location: string; readonly msg: string; readonly value?: unknown }>
  >;
}
