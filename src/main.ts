import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { Authenticator } from './api/authenticator.ts';
import { DEFAULT_API_LIMITS } from './api/context.ts';
import { registerApi } from './api/server.ts';
import { startDemo } from './cli/demo.ts';
import { Closers } from './closers.ts';
import { ConfigError, loadConfig, publicAddresses } from './config.ts';
import type { Config } from './config.ts';
import { claimDataDirectory } from './data-directory.ts';
import { Database } from './database/database.ts';
import { ensureDemoLives } from './database/demo-lives.ts';
import { loadDirectory, readReplaysOfSessions } from './database/directory.ts';
import { EmbeddedPostgres } from './database/embedded-postgres.ts';
import { ensureRoot } from './database/first-start.ts';
import { migrate } from './database/migrate.ts';
import { applySessionFacts } from './database/sessions.ts';
import { Delivery } from './delivery/delivery.ts';
import { HttpListener } from './http-listener.ts';
import { RtmpListener } from './ingest/rtmp-listener.ts';
import { Ledger } from './ledger/ledger.ts';
import type { SessionFact } from './ledger/session-fact.ts';
import { Lives } from './lives/lives.ts';
import { createLog } from './log.ts';
import type { Logger } from './log.ts';
import { servePages } from './pages.ts';
import { explainDatabase, explainDataDirectory, explainListening, StartError } from './start-error.ts';

const PAGES = join(import.meta.dirname, '../web/dist');
/** Closing takes this long at the most, whatever hangs; the rooms get less, so that PostgreSQL is always told. */
const CLOSE_WITHIN_MS = 9_000;
const CLOSE_ROOMS_WITHIN_MS = 6_000;
const POSTGRES_WITHIN_MS = 2_500;
const LEDGER_WITHIN_MS = 2_500;
/** A database that is waited for is spoken of after this time. */
const TELL_AFTER_MS = 2_000;

/** A server that runs. */
export interface Server {
  readonly publicUrl: string;
  readonly rtmpPublicUrl: string;
  readonly httpPort: number;
  readonly rtmpPort: number;
  /** Set on the very first start: the password of the user root. */
  readonly rootPassword: string | null;
  readonly lives: Lives;
  readonly database: Database;
  readonly ledger: Ledger;
  /** The embedded PostgreSQL's log file, or null. */
  readonly databaseLog: string | null;
  /** Stops everything in order; idempotent. */
  close(): Promise<void>;
}

/** Starts all rooms in order; what was started is closed again when one fails. Throws StartError for what the one who starts it can mend. */
export async function startServer(config: Config, log: Logger): Promise<Server> {
  const closers = new Closers(log, CLOSE_ROOMS_WITHIN_MS);
  try {
    return await startRooms(config, log, closers);
  } catch (error) {
    await closers.close();
    throw explainDataDirectory(error, resolve(config.dataDir));
  }
}

async function startRooms(config: Config, log: Logger, closers: Closers): Promise<Server> {
  const { directory, release } = claimDataDirectory(config.dataDir);
  closers.add('data directory', release);

  const { database, databaseLog } = await startDatabase(config, directory, log, closers);
  const root = await ensureRoot(database, { password: config.rootPassword, dvrWindowS: config.dvrMaxWindowS });

  const demoKeys = config.demo > 0 ? await ensureDemoLives(database, config.demo, config.dvrMaxWindowS) : [];

  const apply = async (facts: readonly SessionFact[], signal: AbortSignal): Promise<void> => {
    const applied = await database.transaction((client) => applySessionFacts(client, facts), { idempotent: true, signal });
    // Asked for anew, and not taken from what was applied: after a lost answer the second try applies nothing, and the replays are there all the same.
    const ended = facts.filter((fact) => fact.state === 'ended' && fact.saveReplay).map(({ sessionId }) => sessionId);
    const sessionIds = [...new Set([...ended, ...applied.replays.map(({ sessionId }) => sessionId)])];
    if (sessionIds.length === 0) return;
    for (const replay of await readReplaysOfSessions(database, sessionIds)) lives.putReplay(replay);
  };
  const lives = new Lives({
    dataDirectory: directory,
    log,
    partMs: config.partDurationMs,
    segmentMinMs: config.segmentMinMs,
    segmentMaxMs: config.segmentMaxMs,
    reconnectWindowMs: config.reconnectWindowMs,
    dvrMaxWindowS: config.dvrMaxWindowS,
    playlistWindowS: config.playlistWindowS,
    writeFact: (fact) => void ledger.append(fact),
  });
  const ledger = await Ledger.open({ directory: join(directory, 'ledger'), apply, log });
  closers.add('ledger', () => ledger.close());
  closers.add('facts', async () => {
    if (!(await ledger.drained(LEDGER_WITHIN_MS))) {
      log.warn({ facts: ledger.pending }, 'closing with facts that the database does not have: they go there at the next start');
    }
  });
  await ledger.drained(LEDGER_WITHIN_MS);
  closers.add('lives', () => lives.close());
  await lives.start(await loadDirectory(database), ledger.openSessions());

  const authenticator = new Authenticator(database);
  const delivery = new Delivery({
    lives,
    log,
    mayWatch: async (authorization, { privacy, ownerId }) => {
      const user = await authenticator.authenticate(authorization);
      return user !== null && (privacy === 4 || user.id === ownerId || user.role <= 1);
    },
  });
  const http = new HttpListener({
    host: config.httpHost,
    port: config.httpPort,
    first: (request, response) => delivery.handle(request, response),
    log,
  });
  closers.add('http', () => {
    delivery.close();
    return http.close();
  });
  await http.start().catch((error: unknown) => {
    throw explainListening(error, 'http', { host: config.httpHost, port: config.httpPort });
  });
  const rtmp = new RtmpListener({
    host: config.rtmpHost,
    port: config.rtmpPort,
    door: lives,
    log,
    limits: {
      handshakeMs: config.rtmpHandshakeTimeoutMs,
      publishMs: config.rtmpHandshakeTimeoutMs,
      readMs: config.rtmpReadTimeoutMs,
      publishers: config.maxPublishers,
    },
  });
  closers.add('rtmp', () => rtmp.close());
  await rtmp.start().catch((error: unknown) => {
    throw explainListening(error, 'rtmp', { host: config.rtmpHost, port: config.rtmpPort });
  });

  const { publicUrl, rtmpPublicUrl } = publicAddresses(config, { http: http.port, rtmp: rtmp.port });
  await http.serve(async (app) => {
    const settings = {
      publicUrl,
      rtmpPublicUrl,
      rtmpPort: rtmp.port,
      dvrMaxWindowS: config.dvrMaxWindowS,
      reconnectWindowMs: config.reconnectWindowMs,
      instanceName: 'Reprise',
      version: packageJson.version,
      limits: DEFAULT_API_LIMITS,
    };
    await registerApi(app, { database, lives, authenticator, settings, log });
    await servePages(app, PAGES);
  });
  if (config.demo > 0)
    closers.add('demo', startDemo({ streamKeys: demoKeys, rtmpUrl: `rtmp://127.0.0.1:${rtmp.port}/live`, log }));
  return {
    publicUrl,
    rtmpPublicUrl,
    httpPort: http.port,
    rtmpPort: rtmp.port,
    rootPassword: root.password,
    lives,
    database,
    ledger,
    databaseLog,
    close: () => closers.close(),
  };
}

/** The embedded PostgreSQL or the one of the settings, migrated. */
async function startDatabase(
  config: Config,
  directory: string,
  log: Logger,
  closers: Closers,
): Promise<{ database: Database; databaseLog: string | null }> {
  const { databaseUrl } = config;
  if (databaseUrl === null) {
    const postgres = await EmbeddedPostgres.start({ directory: join(directory, 'postgres'), log });
    closers.add('postgres', () => postgres.close(), { leastMs: POSTGRES_WITHIN_MS });
    const database = await Database.open({ connection: { ...postgres.connection }, log });
    closers.add('database', () => database.close());
    await migrate(database);
    return { database, databaseLog: postgres.logFile };
  }
  const waiting = setTimeout(() => log.info('waiting for the database'), TELL_AFTER_MS);
  try {
    const database = await Database.open({ connection: databaseUrl, log });
    closers.add('database', () => database.close());
    await migrate(database);
    return { database, databaseLog: null };
  } catch (error) {
    throw explainDatabase(error, databaseUrl);
  } finally {
    clearTimeout(waiting);
  }
}

/** What `npm start` runs: settings, server, words for a person, and an orderly end. */
async function main(): Promise<void> {
  const config = loadConfig({
    argv: process.argv.slice(2),
    env: process.env,
    readFile: (path) => (existsSync(path) ? readFileSync(path, 'utf8') : null),
  });
  if ('help' in config) {
    process.stdout.write(`${config.help}\n`);
    return;
  }
  const log = createLog(config.logLevel);
  const began = performance.now();
  const starting = startServer(config, log);
  let stopping = false;
  // Ctrl-C comes more than once under npm: from the terminal, and passed on. It may come while rooms are being started, too.
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'closing');
    setTimeout(() => {
      log.error('closing takes too long: the process ends now');
      process.exit(1);
    }, CLOSE_WITHIN_MS).unref();
    void starting.then((server) => server.close()).then(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal));
  const server = await starting;
  if (stopping) return;
  process.stdout.write(await welcome(server));
  process.stdout.write(`Reprise ${packageJson.version} is ready, in ${((performance.now() - began) / 1000).toFixed(1)} s.\n`);
}

/** What a newcomer needs: where to look, and a command to paste. */
async function welcome(server: Server): Promise<string> {
  const { lives } = await loadDirectory(server.database);
  const first = lives.find((live) => live.permanent);
  const lines = ['', `  Watch    ${server.publicUrl}`];
  if (server.rootPassword !== null) lines.push(`  Sign in  root, password ${server.rootPassword} (shown only now)`);
  lines.push(`  Publish  ${server.rtmpPublicUrl}/<stream key>`);
  if (first !== undefined) {
    lines.push('', `  A picture to try "${first.name}" with:`, '');
    lines.push(
      '  ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=30 -f lavfi -i sine=frequency=440:sample_rate=48000 ' +
        '-c:v libx264 -preset veryfast -tune zerolatency -pix_fmt yuv420p -b:v 2M -g 30 -c:a aac -b:a 128k ' +
        `-f flv ${server.rtmpPublicUrl}/${first.streamKey}`,
    );
  }
  return `${lines.join('\n')}\n\n`;
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    const told = error instanceof ConfigError || error instanceof StartError;
    process.stderr.write(`${told ? error.message : ((error as Error).stack ?? String(error))}\n`);
    process.exit(1);
  }
}
