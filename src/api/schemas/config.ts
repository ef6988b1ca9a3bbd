import { z } from 'zod';

/** `GET /config`: what clients ask before they do anything. -1 stands for no limit. */
export const configSchema = z
  .object({
    serverVersion: z.string(),
    instance: z.object({ name: z.string(), shortDescription: z.string(), defaultClientRoute: z.string() }),
    signup: z.object({ allowed: z.boolean(), allowedForCurrentIP: z.boolean(), requiresEmailVerification: z.boolean() }),
    transcoding: z.object({
      enabledResolutions: z.array(z.int()),
      hls: z.object({ enabled: z.boolean() }),
      web_videos: z.object({ enabled: z.boolean() }),
    }),
    user: z.object({ videoQuota: z.int(), videoQuotaDaily: z.int() }),
    live: z.object({
      enabled: z.boolean(),
      allowReplay: z.boolean(),
      dvr: z.object({ maxWindow: z.int().describe('Seconds') }),
      latencySetting: z.object({ enabled: z.boolean() }),
      maxDuration: z.int(),
      maxInstanceLives: z.int(),
      maxUserLives: z.int(),
      transcoding: z.object({
        enabled: z.boolean(),
        remoteRunners: z.object({ enabled: z.boolean() }),
        enabledResolutions: z.array(z.int()),
        profile: z.string(),
        availableProfiles: z.array(z.string()),
      }),
      rtmp: z.object({ port: z.int() }),
      reconnectWindow: z.number().describe('Ours. Seconds, for lives that do not set their own'),
    }),
  })
  .meta({ id: 'ServerConfig' });
