import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { findOauthClient } from '../../database/oauth-clients.ts';
import type { IssuedTokens } from '../authenticator.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { requiredUser } from '../guard.ts';
import { Problem, problem } from '../problem.ts';
import { oauthClientSchema, tokenRequestSchema, tokensSchema } from '../schemas/user.ts';

const tags = ['Session'];

/** Signing in and out. */
export function registerOauth(app: ApiServer, { database, authenticator, login, settings }: ApiContext): void {
  app.get(
    '/oauth-clients/local',
    { schema: { tags, summary: 'The client to sign in with', response: { 200: oauthClientSchema } } },
    async () => {
      const client = await findOauthClient(database);
      if (!client) throw new Problem(503, 'The server has not finished its first start.');
      return { client_id: client.clientId, client_secret: client.clientSecret };
    },
  );

  const { logins: max, loginsWindowMs: timeWindow } = settings.limits;
  app.post(
    '/users/token',
    {
      schema: {
        tags,
        summary: 'Sign in, or refresh',
        body: tokenRequestSchema,
        consumes: ['application/x-www-form-urlencoded', 'application/json'],
        response: { 200: tokensSchema },
      },
      config: { rateLimit: max < 0 ? false : { max, timeWindow, groupId: 'login' } },
    },
    async (request) => {
      const { body } = request;
      const client = await findOauthClient(database);
      if (!client || !isSame(body.client_id, client.clientId) || !isSame(body.client_secret, client.clientSecret)) {
        throw problem(
          'invalid_client',
          'Invalid client: client is invalid. GET /api/v1/oauth-clients/local tells the one to use.',
        );
      }
      const issued = await grant(body);
      return tokensJson(issued);
    },
  );

  async function grant(body: z.output<typeof tokenRequestSchema>): Promise<IssuedTokens> {
    switch (body.grant_type) {
      case 'password': {
        if (!body.username || !body.password) throw problem('invalid_request', 'The password grant needs username and password.');
        const user = await login.check(body.username, body.password);
        if (!user) throw problem('invalid_grant', 'Invalid grant: user credentials are invalid');
        if (user.blocked) throw problem('access_denied', 'User is blocked.');
        return authenticator.issue(user);
      }
      case 'refresh_token': {
        if (!body.refresh_token) throw problem('invalid_request', 'The refresh_token grant needs refresh_token.');
        const issued = await authenticator.refresh(body.refresh_token);
        if (!issued) throw problem('invalid_grant', 'Invalid grant: refresh token is invalid');
        return issued;
      }
      default:
        throw problem('unsupported_grant_type', 'grant_type must be password or refresh_token.');
    }
  }

  app.post(
    '/users/revoke-token',
    {
      preParsing: requiredUser(authenticator),
      schema: { tags, summary: 'Sign out', security: [{ oauth2: [] }], response: { 200: z.object({}) } },
    },
    async (request) => {
      await authenticator.revoke(request.headers.authorization);
      return {};
    },
  );
}

function tokensJson(issued: IssuedTokens): z.output<typeof tokensSchema> {
  return {
    token_type: 'Bearer',
    access_token: issued.accessToken,
    refresh_token: issued.refreshToken,
    expires_in: issued.accessExpiresInS,
    refresh_token_expires_in: issued.refreshExpiresInS,
  };
}

function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
