import type { FastifyRequest } from 'fastify';
import type { User } from '../database/users.ts';
import type { VideoRow } from '../database/videos.ts';
import type { Authenticator } from './authenticator.ts';
import { Problem, problem } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, once a guard has looked; null for nobody. */
    user: User | null;
  }
}

const PRIVACY_UNLISTED = 2;
const PRIVACY_PRIVATE = 3;
const PRIVACY_INTERNAL = 4;
const MODERATOR = 1;

/**
 * A hook that finds out who asks; a token that is no good is refused even where none is needed. For `preParsing`: after the limit of calls,
 * before anything is read of the body.
 */
export function optionalUser(authenticator: Authenticator): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    const { authorization } = request.headers;
    if (authorization === undefined) return;
    request.user = await authenticator.authenticate(authorization);
    if (!request.user) throw problem('invalid_token', 'The access token is unknown, has run out, or was revoked.');
  };
}

/** A hook that lets nobody pass without a good token. */
export function requiredUser(authenticator: Authenticator): (request: FastifyRequest) => Promise<void> {
  const look = optionalUser(authenticator);
  return async (request) => {
    await look(request);
    if (!request.user) throw new Problem(401, 'Unauthenticated: send an access token as "Authorization: Bearer <token>".');
  };
}

/** The user that {@link requiredUser} let pass. */
export function userOf(request: FastifyRequest): User {
  if (!request.user) throw new Error(`The route ${request.method} ${request.routeOptions.url} has no guard.`);
  return request.user;
}

/** Administrators and moderators. */
export function isModerator(user: User | null): boolean {
  return user !== null && user.role <= MODERATOR;
}

/** Whether a user may change a video and see what is secret about it. */
export function canManage(user: User | null, video: Pick<VideoRow, 'ownerId'>): boolean {
  return user !== null && (user.id === video.ownerId || isModerator(user));
}

/** Refuse who may not change a video. */
export function requireManager(user: User, video: Pick<VideoRow, 'ownerId'>): void {
  if (!canManage(user, video)) throw new Problem(403, 'Cannot manage a video of another user.');
}

/** Refuse who may not see a video. An unlisted one is seen by who knows its UUID: its number could be guessed. */
export function requireViewer(user: User | null, video: Pick<VideoRow, 'ownerId' | 'privacy'>, byNumber = false): void {
  const { privacy } = video;
  if (privacy !== PRIVACY_PRIVATE && privacy !== PRIVACY_INTERNAL && !(privacy === PRIVACY_UNLISTED && byNumber)) return;
  if (!user) throw new Problem(401, 'This video is not public: sign in.');
  if (privacy === PRIVACY_INTERNAL || canManage(user, video)) return;
  throw new Problem(403, 'Cannot fetch information of private/internal video.');
}
