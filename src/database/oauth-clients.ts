import type { Queryable } from './database.ts';

/** The client every program of this server presents; it identifies nobody and protects nothing. */
export interface OauthClient {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The local client, or null before the first start made it. */
export async function findOauthClient(database: Queryable): Promise<OauthClient | null> {
  const { rows } = await database.query<OauthClient>(
    'select client_id as "clientId", client_secret as "clientSecret" from oauth_clients order by client_id limit 1',
  );
  return rows[0] ?? null;
}

/** Make the local client if there is none. */
export async function insertOauthClientOnce(database: Queryable, client: OauthClient): Promise<void> {
  await database.query(
    'insert into oauth_clients (client_id, client_secret) select $1, $2 where not exists (select from oauth_clients)',
    [client.clientId, client.clientSecret],
  );
}
