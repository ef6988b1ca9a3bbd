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
import { insertAttempts } from './database/attempts.ts';
import type { Database } from './database/database.ts';
import { DatabaseSource, mayPass } from './database/database-source.ts';
import { ensureDemoLives } from './database/demo-lives.ts';
import { loadDirectory, readReplaysOfSessions } from './database/directory.ts';
import { DirectoryListener } from './database/directory-listener.ts';
import { DirectorySnapshot, readDirectorySnapshot } from './database/directory-snapshot.ts';
import { ensureRoot } from './database/first-start.ts';
import { Pulse } from './database/pulse.ts';
import { applySessionFacts } from './database/sessions.ts';
import { Application } from './http/application.ts';
import { defaultDeliveryThreads, openPlayerDoor } from './front/open-player-door.ts';
import type { PlayerDoor } from './front/player-door.ts';
import { DEFAULT_INGEST_LIMITS } from './ingest/limits.ts';
import { defaultIngestThreads, IngestThreads } from './ingest-threads/ingest-threads.ts';
import { readCertificate } from './http/tls-files.ts';
import type { TlsPaths } from './http/tls-files.ts';
import { RtmpListener } from './ingest/rtmp-listener.ts';
import { Ledger } from './ledger/ledger.ts';
import type { SessionFact } from './ledger/session-fact.ts';
import { DirectoryKeeper } from './lives/directory-keeper.ts';
import { AttemptWriter } from './lives/attempt-writer.ts';
import { ATTEMPTS_OF_LIVE, ATTEMPTS_OF_NOBODY } from './lives/attempts.ts';
import { Lives } from './lives/lives.ts';
import { RestartSchedule } from './lives/restart-schedule.ts';
import { createLog } from './log.ts';
import { endProcess, killProcess } from './end-of-process.ts';
import { DiskSync } from './recording/disk-sync.ts';
import { WriterThread } from './recording/writer-thread.ts';
import type { Logger } from './log.ts';
import { BlockPool } from './packager/block-pool.ts';
import { Metrics } from './metrics/metrics.ts';
import { serveMetrics } from './metrics/serve-metrics.ts';
import { servePages } from './pages.ts';
import { explainDatabase, explainDataDirectory, explainListening, StartError } from './start-error.ts';
import { warmUp } from './warm-up.ts';

const PAGES = join(import.meta.dirname, '../web/dist');
/** Closing takes this long at the most, whatever hangs; the rooms get less, so that PostgreSQL is always told. */
const CLOSE_WITHIN_MS = 9_000;
const CLOSE_ROOMS_WITHIN_MS = 6_000;
const POSTGRES_WITHIN_MS = 2_500;
const LEDGER_WITHIN_MS = 2_500;
const ATTEMPTS_WITHIN_MS = 500;
const ATTEMPTS_KEPT = { ofLive: ATTEMPTS_OF_LIVE, ofNobody: ATTEMPTS_OF_NOBODY };
/** A database that is waited for is spoken of after this time. */
const TELL_AFTER_MS = 2_000;
/** A database that does not answer is waited for so long; less when the lives can start without it. */
const CONNECT_WITHIN_MS = 30_000;
const CONNECT_WITHIN_WITH_SNAPSHOT_MS = 3_000;

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
  /** False when the server was started before its database was there. */
  readonly foundDatabase: boolean;
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

  const known = await readDirectorySnapshot(join(directory, 'directory.json'), log);
  let root: { password: string | null } = { password: null };
  let demoKeys: string[] = [];
  const source = new DatabaseSource({
    databaseUrl: config.databaseUrl,
    directory: join(directory, 'postgres'),
    log,
    prepare: async (found) => {
      root = await ensureRoot(found, { password: config.rootPassword, dvrWindowS: config.dvrMaxWindowS });
      if (config.demo > 0) demoKeys = await ensureDemoLives(found, config.demo, config.dvrMaxWindowS);
    },
  });
  const { database } = source;
  closers.add('postgres', () => source.closePostgres(), { leastMs: POSTGRES_WITHIN_MS });
  closers.add('database', () => source.closeDatabase());
  const foundDatabase = await findDatabase(source, config, known !== null, log);

  const apply = async (facts: readonly SessionFact[], signal: AbortSignal): Promise<void> => {
    const applied = await database.transaction((client) => applySessionFacts(client, facts), { idempotent: true, signal });
    // Asked for anew, and not taken from what was applied: after a lost answer the second try applies nothing, and the replays are there all the same.
    const ended = facts.filter((fact) => fact.state === 'ended' && fact.saveReplay).map(({ sessionId }) => sessionId);
    const sessionIds = [...new Set([...ended, ...applied.replays.map(({ sessionId }) => sessionId)])];
    if (sessionIds.length === 0) return;
    for (const replay of await readReplaysOfSessions(database, sessionIds)) lives.putReplay(replay);
  };
  const attemptWriter = new AttemptWriter({
    write: (attempts) =>
      database.transaction((client) => insertAttempts(client, attempts, ATTEMPTS_KEPT), { idempotent: true, retryForMs: 0 }),
    log,
  });
  closers.add('attempts', () => attemptWriter.close(), { withinMs: ATTEMPTS_WITHIN_MS });
  const diskSync = new DiskSync({ directory, everyMs: config.recordingSyncMs, log });
  closers.add('disk sync', () => diskSync.close());
  const writer = new WriterThread(log);
  closers.add('writer', () => writer.end());
  const lives = new Lives({
    dataDirectory: directory,
    log,
    disk: writer,
    pool: new BlockPool(
      (byteLength) => writer.allocate(byteLength),
      (bytes) => writer.discard(bytes),
    ),
    written: () => diskSync.wrote(),
    partMs: config.partDurationMs,
    segmentMinMs: config.segmentMinMs,
    segmentMaxMs: config.segmentMaxMs,
    reconnectWindowMs: config.reconnectWindowMs,
    dvrMaxWindowS: config.dvrMaxWindowS,
    playlistWindowS: config.playlistWindowS,
    writeFact: (fact) => void ledger.append(fact),
    attempted: (attempt) => attemptWriter.add(attempt),
    directoryChanged: (videoUuid) => {
      keeper.noted(videoUuid);
      door?.changed(videoUuid);
      snapshot?.changed();
    },
  });
  let door: PlayerDoor | null = null;
  const keeper = new DirectoryKeeper({ database, lives, log });
  let snapshot: DirectorySnapshot | null = null;
  const ledger = await Ledger.open({ directory: join(directory, 'ledger'), apply, log });
  closers.add('ledger', () => ledger.close());
  closers.add('facts', async () => {
    if (!(await ledger.drained(LEDGER_WITHIN_MS))) {
      log.warn({ facts: ledger.pending }, 'closing with facts that the database does not have: they go there at the next start');
    }
  });
  if (foundDatabase) await ledger.drained(LEDGER_WITHIN_MS);
  closers.add('snapshot', () => snapshot?.close());
  closers.add('lives', () => lives.close());
  await lives.start(foundDatabase || known === null ? await loadDirectory(database) : known, ledger.sessions());
  void lives.loaded.then(() => log.info(lives.count(), 'lives loaded'));
  // Not before: what is half read must not take the place of what is whole.
  snapshot = new DirectorySnapshot({ file: join(directory, 'directory.json'), read: () => lives.directory(), log });
  snapshot.changed();
  const listener = new DirectoryListener({
    database,
    log,
    listening: () => keeper.reread({ removing: false }),
    changed: (videos) => keeper.changed(videos),
  });
  closers.add('listener', () => listener.close());

  const authenticator = new Authenticator(database);
  const players = openPlayerDoor({
    host: config.httpHost,
    port: config.httpPort,
    tls: tlsPaths(config),
    threads: config.deliveryThreads ?? defaultDeliveryThreads(),
    lives,
    log,
    logLevel: config.logLevel,
    mayWatch: async (authorization, { privacy, ownerId }) => {
      const user = await authenticator.authenticate(authorization);
      return user !== null && (privacy === 4 || user.id === ownerId || user.role <= 1);
    },
  });
  door = players;
  closers.add('http', () => players.close());
  await players.start().catch((error: unknown) => {
    throw explainListening(error, 'http', { host: config.httpHost, port: config.httpPort });
  });
  const ingestThreads = config.ingestThreads ?? defaultIngestThreads();
  const ingest = {
    host: config.rtmpHost,
    port: config.rtmpPort,
    log,
    limits: {
      handshakeMs: config.rtmpHandshakeTimeoutMs,
      publishMs: config.rtmpHandshakeTimeoutMs,
      readMs: config.rtmpReadTimeoutMs,
      publishers: config.maxPublishers,
      strangers: DEFAULT_INGEST_LIMITS.strangers,
    },
  };
  const { partDurationMs: partMs, segmentMinMs, segmentMaxMs, logLevel } = config;
  const rtmp =
    ingestThreads === 0
      ? new RtmpListener({ ...ingest, door: lives })
      : new IngestThreads({
          ...ingest,
          threads: ingestThreads,
          lives,
          logLevel,
          partMs,
          segmentMinMs,
          segmentMaxMs,
          adopt: (bytes) => writer.adopt(bytes),
          discard: (bytes) => writer.discard(bytes),
        });
  closers.add('rtmp', () => rtmp.close());
  await rtmp.start().catch((error: unknown) => {
    throw explainListening(error, 'rtmp', { host: config.rtmpHost, port: config.rtmpPort });
  });

  const pulse = new Pulse({ ask: () => database.health() });
  const metrics =
    config.metrics === 'off'
      ? null
      : new Metrics({
          rooms: { version: packageJson.version, lives, rtmp, ledger },
          readPlayers: () => players.counts(),
          readDatabase: () => pulse.read(),
        });
  if (metrics !== null) closers.add('metrics', () => metrics.close());

  const { publicUrl, rtmpPublicUrl } = publicAddresses(config, { http: players.port, rtmp: rtmp.port });
  const application = await Application.create(async (app) => {
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
    const receiving = (): boolean => rtmp.receiving;
    const health = {
      receiving,
      read: async () => ({ receiving: receiving(), database: await pulse.read(), ledger, lives: lives.count() }),
    };
    await registerApi(app, { database, lives, authenticator, health, settings, log });
    serveMetrics(
      app,
      metrics && { metrics, access: config.metrics === 'public' ? 'public' : 'local', token: config.metricsToken },
    );
    await servePages(app, PAGES);
  }, config.trustedProxies);
  closers.add('application', () => application.close());
  players.serve(application);
  if (config.restartAt !== null) {
    const timeZone = config.restartTimeZone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;
    const schedule = new RestartSchedule({
      rule: { ...config.restartAt, timeZone },
      overMs: config.restartOverS * 1000,
      restarts: lives.restarts,
      log,
    });
    closers.add('restart schedule', () => schedule.close());
  }
  const databaseFound = (): void => {
    listener.start();
    if (config.demo > 0)
      closers.add('demo', startDemo({ streamKeys: demoKeys, rtmpUrl: `rtmp://127.0.0.1:${rtmp.port}/live`, log }));
  };
  if (foundDatabase) {
    databaseFound();
  } else {
    source.findInBackground(async () => {
      ledger.wake();
      await ledger.drained(LEDGER_WITHIN_MS);
      await keeper.reread({ removing: true });
      databaseFound();
      log.info({ ...lives.count(), factsThatWait: ledger.pending }, 'the database is there');
      if (root.password !== null) process.stdout.write(`Sign in: root, password ${root.password} (shown only now)\n`);
    });
  }
  return {
    publicUrl,
    rtmpPublicUrl,
    httpPort: players.port,
    rtmpPort: rtmp.port,
    rootPassword: root.password,
    lives,
    database,
    foundDatabase,
    ledger,
    databaseLog: source.logFile,
    close: () => closers.close(),
  };
}

/** The certificate of the HTTP port, which can be used, or null. Throws StartError. */
function tlsPaths({ tlsCert: cert, tlsKey: key }: Config): TlsPaths | null {
  if (cert === null || key === null) return null;
  try {
    readCertificate({ cert, key });
  } catch (error) {
    const text = (error as Error).message;
    throw new StartError(`tls-cert, tls-key: the certificate ${cert} with the key ${key} can not be used: ${text}`, {
      cause: error,
    });
  }
  return { cert, key };
}

/** Finds and prepares the database. False when it does not answer now, and the lives can start without it; throws StartError for what does not pass. */
async function findDatabase(source: DatabaseSource, config: Config, hasSnapshot: boolean, log: Logger): Promise<boolean> {
  const waiting = setTimeout(() => log.info('waiting for the database'), TELL_AFTER_MS);
  try {
    await source.find(hasSnapshot ? CONNECT_WITHIN_WITH_SNAPSHOT_MS : CONNECT_WITHIN_MS);
    return true;
  } catch (error) {
    const reason = config.databaseUrl === null ? error : explainDatabase(error, config.databaseUrl);
    if (!hasSnapshot || !mayPass(error)) throw reason;
    log.warn({ reason: (reason as Error).message }, 'the database is away: starting with what was known of it');
    return false;
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
  const warming = new AbortController();
  const warm = warmUp(warming.signal);
  const starting = startServer(config, log);
  let stopping = false;
  // Ctrl-C comes more than once under npm: from the terminal, and passed on. It may come while rooms are being started, too.
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'closing');
    setTimeout(() => {
      log.fatal('closing takes too long: the process ends now'); // which is written before this goes on
      killProcess();
    }, CLOSE_WITHIN_MS).unref();
    warming.abort();
    void starting
      .then((server) => server.close())
      .then(() => warm)
      .then(
        () => endProcess(0),
        () => undefined, // it did not start: that is told below
      );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal));
  const server = await starting.finally(() => warming.abort()); // publishers that are there now come first
  if (stopping) return;
  process.stdout.write(welcome(server));
  const away = server.foundDatabase
    ? ''
    : ' The database is away: broadcasts work, signing in and changes wait until it is there.';
  process.stdout.write(
    `Reprise ${packageJson.version} is ready, in ${((performance.now() - began) / 1000).toFixed(1)} s.${away}\n`,
  );
}

/** What a newcomer needs: where to look, and a command to paste. */
function welcome(server: Server): string {
  const { lives } = server.lives.directory();
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
    endProcess(1);
  }
}
