import { z } from 'zod';

const TOKEN_LENGTH = 200;

/** `POST /users/token`, as the form of RFC 6749 or as JSON. */
export const tokenRequestSchema = z
  .object({
    client_id: z.string().max(TOKEN_LENGTH),
    client_secret: z.string().max(TOKEN_LENGTH),
    grant_type: z.string().max(TOKEN_LENGTH).describe('password or refresh_token'),
    username: z.string().max(300).optional().describe('Name or e-mail address; with the password grant'),
    password: z.string().max(1_000).optional(),
    refresh_token: z.string().max(TOKEN_LENGTH).optional(),
    response_type: z.string().optional(),
    scope: z.string().optional(),
  })
  .meta({ id: 'TokenRequest' });

export const tokensSchema = z
  .object({
    token_type: z.literal('Bearer'),
    access_token: z.string(),
    refresh_token: z.string(),
    expires_in: z.int().describe('Seconds'),
    refresh_token_expires_in: z.int().describe('Seconds'),
  })
  .meta({ id: 'Tokens' });

export const oauthClientSchema = z.object({ client_id: z.string(), client_secret: z.string() });

export const channelSchema = z
  .object({
    id: z.int(),
    name: z.string(),
    displayName: z.string(),
    url: z.string(),
    host: z.string(),
    description: z.string().nullable(),
    support: z.string().nullable(),
    isLocal: z.literal(true),
    avatars: z.array(z.never()),
    banners: z.array(z.never()),
    followersCount: z.literal(0),
    createdAt: z.string(),
    ownerAccount: z.object({ id: z.int(), name: z.string(), displayName: z.string(), url: z.string(), host: z.string() }),
  })
  .meta({ id: 'VideoChannel' });

export const meSchema = z
  .object({
    id: z.int(),
    username: z.string(),
    email: z.string(),
    emailVerified: z.boolean(),
    role: z.object({ id: z.int(), label: z.string() }),
    blocked: z.boolean(),
    blockedReason: z.null(),
    videoQuota: z.literal(-1).describe('No quota'),
    videoQuotaDaily: z.literal(-1),
    createdAt: z.string(),
    account: z.object({
      id: z.int(),
      name: z.string(),
      displayName: z.string(),
      url: z.string(),
      host: z.string(),
      avatars: z.array(z.never()),
    }),
    videoChannels: z.array(channelSchema),
  })
  .meta({ id: 'MyUser' });

export const quotaUsedSchema = z.object({ videoQuotaUsed: z.number(), videoQuotaUsedDaily: z.number() });
