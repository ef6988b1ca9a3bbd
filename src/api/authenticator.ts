import { createHash, randomBytes } from 'node:crypto';
import type { Database } from '../database/database.ts';
import { deleteTokenPair, findUserByAccessToken, insertTokenPair, takeRefreshToken } from '../database/tokens.ts';
import type { User } from '../database/users.ts';

const ACCESS_MS = 24 * 3600 * 1000;
const REFRESH_MS = 14 * ACCESS_MS;
const TOKEN_BYTES = 32;
/** A token that was good this recently is good without asking the database. */
const TRUST_MS = 60_000;
const CACHE_LIMIT = 10_000;

/** A fresh pair of tokens; the database keeps only their hashes. */
export interface IssuedTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly accessExpiresInS: number;
  readonly refreshExpiresInS: number;
}

/** Issues, checks and revokes tokens. One per server: what it revokes is refused at once. */
export class Authenticator {
  readonly #database: Database;
  readonly #known = new Map<string, { user: User; until: number }>();
  readonly #now: () => number;
  /** Grows with every revocation, so that an answer of the database from before one is not remembered. */
  #revocations = 0;

  constructor(database: Database, now: () => number = Date.now) {
    this.#database = database;
    this.#now = now;
  }

  /** Whom an Authorization header stands for, or null: none, unknown, run out, revoked, or of a blocked user. */
  async authenticate(authorization: string | undefined): Promise<User | null> {
    const token = bearerToken(authorization);
    if (token === null) return null;
    const hash = hashToken(token);
    const key = hash.toString('base64');
    const known = this.#known.get(key);
    if (known && known.until > this.#now()) return known.user;
    this.#known.delete(key);
    const revocations = this.#revocations;
    const found = await findUserByAccessToken(this.#database, hash);
    if (!found || found.user.blocked) return null;
    if (revocations === this.#revocations) {
      this.#remember(key, found.user, Math.min(found.expiresAt.getTime(), this.#now() + TRUST_MS));
    }
    return found.user;
  }

  /** Make a pair of tokens for a user who has proved who they are. */
  async issue(user: User): Promise<IssuedTokens> {
    const accessToken = randomBytes(TOKEN_BYTES).toString('hex');
    const refreshToken = randomBytes(TOKEN_BYTES).toString('hex');
    const now = this.#now();
    await insertTokenPair(this.#database, {
      userId: user.id,
      accessHash: hashToken(accessToken),
      refreshHash: hashToken(refreshToken),
      accessExpiresAt: new Date(now + ACCESS_MS),
      refreshExpiresAt: new Date(now + REFRESH_MS),
    });
    return { accessToken, refreshToken, accessExpiresInS: ACCESS_MS / 1000, refreshExpiresInS: REFRESH_MS / 1000 };
  }

  /** Change a refresh token for a new pair; it and its access token end here. Null: not a good one. */
  async refresh(refreshToken: string): Promise<IssuedTokens | null> {
    const taken = await takeRefreshToken(this.#database, hashToken(refreshToken));
    if (!taken) return null;
    this.#forget(taken.accessHash);
    return taken.user.blocked ? null : this.issue(taken.user);
  }

  /** End the pair that the header's access token belongs to. */
  async revoke(authorization: string | undefined): Promise<void> {
    const token = bearerToken(authorization);
    if (token === null) return;
    const hash = hashToken(token);
    this.#forget(hash);
    await deleteTokenPair(this.#database, hash);
    this.#forget(hash);
  }

  #remember(key: string, user: User, until: number): void {
    if (this.#known.size >= CACHE_LIMIT) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(key, { user, until });
  }

  #forget(hash: Uint8Array): void {
    this.#revocations += 1;
    this.#known.delete(Buffer.from(hash).toString('base64'));
  }
}

function bearerToken(authorization: string | undefined): string | null {
  return /^bearer +([\w.~+/-]{1,200}=*)$/i.exec(authorization ?? '')?.[1] ?? null;
}

// Tokens are 256 random bits: a plain hash is enough, and looking it up leaks no time that helps to guess one.
function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
