import type { z } from 'zod';
import type { Channel } from '../database/channels.ts';
import type { channelSchema } from './schemas/user.ts';
import { actorJson } from './video-json.ts';

/** A channel by itself. */
export function channelJson(channel: Channel, publicUrl: string): z.output<typeof channelSchema> {
  return {
    ...actorJson(publicUrl, 'video-channels', channel),
    description: channel.description,
    support: channel.support,
    isLocal: true,
    banners: [],
    followersCount: 0,
    createdAt: channel.createdAt.toISOString(),
    ownerAccount: actorJson(publicUrl, 'accounts', { id: channel.userId, name: channel.username, displayName: channel.username }),
  };
}
