import type { Queryable } from './database.ts';
import { USER_COLUMNS } from './users.ts';
import type { User } from './users.ts';

/** A pair of tokens as stored: SHA-256 of each, and until when they hold. */
export interface TokenPair {
  readonly userId: number;
  readonly accessHash: Uint8Array;
  readonly refreshHash: Uint8Array;
  readonly accessExpiresAt: Date;
  readonly refreshExpiresAt: Date;
}

/** Keep a new pair, and forget those of everyone that have run out. */
export async function insertTokenPair(database: Queryable, pair: TokenPair): Promise<void> {
  await database.query(
    `with expired as (delete from tokens where refresh_expires_at < now())
     insert into tokens (user_id, access_token_hash, refresh_token_hash, access_expires_at, refresh_expires_at) values ($1, $2, $3, $4, $5)`,
    [pair.userId, pair.accessHash, pair.refreshHash, pair.accessExpiresAt, pair.refreshExpiresAt],
  );
}

/** Who holds an access token that has not run out. */
export async function findUserByAccessToken(
  database: Queryable,
  accessHash: Uint8Array,
): Promise<{ user: User; expiresAt: Date } | null> {
  const { rows } = await database.query<User & { expiresAt: Date }>(
    `select ${USER_COLUMNS}, t.access_expires_at as "expiresAt" from tokens t join users u on u.id = t.user_id
     where t.access_token_hash = $1 and t.access_expires_at > now()`,
    [accessHash],
  );
  const row = rows[0];
  if (!row) return null;
  const { expiresAt, ...user } = row;
  return { user, expiresAt };
}

/** Spend a refresh token: of two who try at once, one gets the user. The access token of its pair goes with it. */
export async function takeRefreshToken(
  database: Queryable,
  refreshHash: Uint8Array,
): Promise<{ user: User; accessHash: Uint8Array } | null> {
  const { rows } = await database.query<User & { accessHash: Uint8Array }>(
    `with taken as (delete from tokens where refresh_token_hash = $1 returning user_id, access_token_hash, refresh_expires_at)
     select ${USER_COLUMNS}, taken.access_token_hash as "accessHash" from taken join users u on u.id = taken.user_id
     where taken.refresh_expires_at > now()`,
    [refreshHash],
  );
  const row = rows[0];
  if (!row) return null;
  const { accessHash, ...user } = row;
  return { user, accessHash };
}

/** Forget the pair of an access token. */
export async function deleteTokenPair(database: Queryable, accessHash: Uint8Array): Promise<void> {
  await database.query('delete from tokens where access_token_hash = $1', [accessHash]);
}
