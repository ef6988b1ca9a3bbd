import { z } from 'zod';
import type { ApiContext, ApiServer } from '../context.ts';
import { configSchema } from '../schemas/config.ts';

const tags = ['Server'];

/** What the server is and allows, and that it is there. */
export function registerConfig(app: ApiServer, { settings }: ApiContext): void {
  app.get(
    '/ping',
    { schema: { tags, summary: 'Is the server there?', response: { 200: z.literal('pong') } } },
    () => 'pong' as const,
  );

  app.get('/config', { schema: { tags, summary: 'What the server allows', response: { 200: configSchema } } }, () => ({
    serverVersion: settings.version,
    instance: { name: settings.instanceName, shortDescription: '', defaultClientRoute: '/' },
    signup: { allowed: false, allowedForCurrentIP: false, requiresEmailVerification: false },
    transcoding: { enabledResolutions: [], hls: { enabled: true }, web_videos: { enabled: false } },
    user: { videoQuota: -1, videoQuotaDaily: -1 },
    live: {
      enabled: settings.rtmpPublicUrl !== null,
      allowReplay: true,
      dvr: { maxWindow: settings.dvrMaxWindowS },
      latencySetting: { enabled: true },
      maxDuration: -1,
      maxInstanceLives: settings.limits.livesOfInstance,
      maxUserLives: settings.limits.livesOfUser,
      transcoding: {
        enabled: false,
        remoteRunners: { enabled: false },
        enabledResolutions: [],
        profile: 'default',
        availableProfiles: ['default'],
      },
      rtmp: { port: settings.rtmpPort },
      reconnectWindow: settings.reconnectWindowMs / 1000,
    },
  }));
}
