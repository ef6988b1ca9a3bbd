import { randomBytes, randomUUID } from 'node:crypto';
import { insertChannel } from './channels.ts';
import { insertLive } from './lives.ts';
import { insertOauthClientOnce } from './oauth-clients.ts';
import { hashPassword } from './password.ts';
import type { Database } from './database.ts';
import { findUserByLogin, insertUser } from './users.ts';
import { insertLiveVideo } from './videos.ts';

const PUBLIC = 1;

/**
 * Make what a server cannot do without, unless it is there: the OAuth client, the administrator `root`, the channel `root_channel` and a
 * first permanent live that saves replays. `password` null asks for a generated one. The answer holds the password only if root was made
 * now. Servers that start at one instant make one root.
 */
export async function ensureRoot(
  database: Database,
  options: { password: string | null; dvrWindowS: number },
): Promise<{ created: boolean; password: string | null }> {
  const client = { clientId: randomBytes(16).toString('hex'), clientSecret: randomBytes(16).toString('hex') };
  if (await findUserByLogin(database, 'root')) {
    await insertOauthClientOnce(database, client);
    return { created: false, password: null };
  }
  const password = options.password ?? randomBytes(12).toString('base64url');
  const passwordHash = await hashPassword(password);
  const created = await database.transaction(async (transaction) => {
    // Waits for another server's insert of the same name, so that what follows sees its rows.
    const userId = await insertUser(transaction, { username: 'root', email: 'root@localhost', passwordHash, role: 0 });
    await insertOauthClientOnce(transaction, client);
    if (userId === null) return false;
    const channelId = await insertChannel(transaction, { userId, name: 'root_channel', displayName: 'Main root channel' });
    const videoId = await insertLiveVideo(transaction, randomUUID(), { channelId, name: 'First live', privacy: PUBLIC });
    if (videoId === null) throw new Error('A random UUID is taken.');
    await insertLive(transaction, videoId, {
      streamKey: randomUUID(),
      permanent: true,
      saveReplay: true,
      replayPrivacy: PUBLIC,
      latencyMode: 1,
      dvrWindowS: options.dvrWindowS,
      reconnectWindowMs: null,
      takeover: 'take_over',
      schedules: [],
    });
    return true;
  });
  return { created, password: created ? password : null };
}
