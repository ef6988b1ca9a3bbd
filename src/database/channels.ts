import type { Queryable } from './database.ts';

/** A channel and whose it is. */
export interface Channel {
  readonly id: number;
  readonly userId: number;
  readonly username: string;
  readonly name: string;
  readonly displayName: string;
  readonly description: string | null;
  readonly support: string | null;
  readonly createdAt: Date;
}

const SELECT = `select c.id, c.user_id as "userId", u.username, c.name, c.display_name as "displayName", c.description, c.support,
  c.created_at as "createdAt" from channels c join users u on u.id = c.user_id`;

export async function findChannel(database: Queryable, id: number): Promise<Channel | null> {
  const { rows } = await database.query<Channel>(`${SELECT} where c.id = $1`, [id]);
  return rows[0] ?? null;
}

export async function findChannelByName(database: Queryable, name: string): Promise<Channel | null> {
  const { rows } = await database.query<Channel>(`${SELECT} where c.name = lower($1)`, [name]);
  return rows[0] ?? null;
}

/** The channels of a user, oldest first. */
export async function listChannelsOf(database: Queryable, userId: number): Promise<Channel[]> {
  const { rows } = await database.query<Channel>(`${SELECT} where c.user_id = $1 order by c.id`, [userId]);
  return rows;
}

/** Make a channel; its name must be free. */
export async function insertChannel(
  database: Queryable,
  channel: { userId: number; name: string; displayName: string },
): Promise<number> {
  const { rows } = await database.query<{ id: number }>(
    'insert into channels (user_id, name, display_name) values ($1, $2, $3) returning id',
    [channel.userId, channel.name, channel.displayName],
  );
  return rows[0].id;
}
