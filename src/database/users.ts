import type { Queryable } from './database.ts';

/** A user as every request knows them; never the password's hash. Role: 0 administrator, 1 moderator, 2 user. */
export interface User {
  readonly id: number;
  readonly username: string;
  readonly email: string;
  readonly role: 0 | 1 | 2;
  readonly blocked: boolean;
  readonly createdAt: Date;
}

/** The columns of {@link User}, for a query that joins users as `u`. */
export const USER_COLUMNS = 'u.id, u.username, u.email, u.role, u.blocked, u.created_at as "createdAt"';

/** The user who signs in with this name or e-mail address, whatever the case, with the password's hash. */
export async function findUserByLogin(database: Queryable, login: string): Promise<(User & { passwordHash: string }) | null> {
  const { rows } = await database.query<User & { passwordHash: string }>(
    `select ${USER_COLUMNS}, u.password_hash as "passwordHash" from users u
     where u.username = lower($1) or lower(u.email) = lower($1)
     order by u.username = lower($1) desc limit 1`,
    [login],
  );
  return rows[0] ?? null;
}

/** Make a user unless the name or the address is taken: then null. */
export async function insertUser(
  database: Queryable,
  user: { username: string; email: string; passwordHash: string; role: 0 | 1 | 2 },
): Promise<number | null> {
  const { rows } = await database.query<{ id: number }>(
    'insert into users (username, email, password_hash, role) values ($1, $2, $3, $4) on conflict do nothing returning id',
    [user.username, user.email, user.passwordHash, user.role],
  );
  return rows[0]?.id ?? null;
}

/** What the recordings of a user's lives hold on disk, in all and of the last 24 hours. */
export async function recordedBytesOf(database: Queryable, userId: number): Promise<{ total: number; daily: number }> {
  const { rows } = await database.query<{ total: number; daily: number }>(
    `select coalesce(sum(s.recorded_bytes), 0)::float8 as total,
            coalesce(sum(s.recorded_bytes) filter (where s.started_at > now() - interval '24 hours'), 0)::float8 as daily
     from replays r
     join sessions s on s.id = r.session_id
     join videos v on v.id = r.video_id
     join channels c on c.id = v.channel_id
     where c.user_id = $1`,
    [userId],
  );
  return rows[0] ?? { total: 0, daily: 0 };
}
