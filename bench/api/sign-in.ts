import type { Tokens } from '../../src/api/contract.ts';
import type { RepriseServer } from '../servers/reprise-server.ts';

/** A token of the server's first user. */
export async function signIn({ instance, http }: RepriseServer): Promise<string> {
  const client = await http.ask('/api/v1/oauth-clients/local');
  const fields = { ...(JSON.parse(client.body.toString()) as Record<string, string>), grant_type: 'password' };
  const body = new URLSearchParams({ ...fields, username: instance.user, password: instance.password }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await http.ask('/api/v1/users/token', { method: 'POST', headers, body });
  return (JSON.parse(answer.body.toString()) as Tokens).access_token;
}
