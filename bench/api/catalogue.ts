import { join } from 'node:path';
import { Database } from '../../src/database/database.ts';
import { readPidFile } from '../../src/database/embedded/postmaster.ts';
import { applySessionFacts } from '../../src/database/sessions.ts';
import { createLog } from '../../src/log.ts';
import { uuidv7 } from '../../src/lives/uuidv7.ts';
import { makeFact } from '../../test/support/session-facts.ts';
import type { RepriseServer } from '../servers/reprise-server.ts';

const LIVES = 50;
const FACTS_AT_ONCE = 200;
const HOUR_MS = 3_600_000;

/** What there is to ask for. */
export interface Catalogue {
  readonly lives: readonly string[];
  readonly replays: readonly string[];
}

/** Fills the catalogue of a server with replays, some for each live, as the server itself writes them down: by facts of sessions. */
export async function fillCatalogue(server: RepriseServer, videos: number): Promise<Catalogue> {
  const streams = await server.prepare(LIVES);
  const lives = streams.map(({ playlistPath }) => /hls\/([^/]+)\//.exec(playlistPath)?.[1] ?? '');
  const cluster = join(server.instance.directory, 'postgres/cluster');
  const postgres = await readPidFile(cluster);
  if (postgres === null) throw new Error('the server has no PostgreSQL of its own');
  const connection = { host: postgres.socketDirectory, port: postgres.port, user: 'reprise', database: 'reprise' };
  const database = await Database.open({ connection, log: createLog('silent'), maxConnections: 1 });
  try {
    const now = Date.now();
    const facts = Array.from({ length: videos }, (_, i) => {
      const startedAt = now - (videos - i) * HOUR_MS;
      const change = { sessionId: uuidv7(startedAt), videoUuid: lives[i % LIVES], startedAt, endedAt: startedAt + HOUR_MS / 2 };
      return makeFact(i, 1, { ...change, revision: 2, replayPrivacy: 1 });
    });
    for (let from = 0; from < facts.length; from += FACTS_AT_ONCE)
      await database.transaction((client) => applySessionFacts(client, facts.slice(from, from + FACTS_AT_ONCE)));
    await database.query('analyze');
    return { lives, replays: facts.map(({ sessionId }) => sessionId) };
  } finally {
    await database.close();
  }
}
