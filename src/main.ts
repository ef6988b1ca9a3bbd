import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import packageJson from '../package.json' with { type: 'json' };
import { Authenticator } from './api/authenticator.ts';
import { DEFAULT_API_LIMITS } from './api/context.ts';
import { registerApi } from './api/server.ts';
import { startDemo } from './cli/demo.ts';
import { ConfigError, loadConfig, publicAddresses } from './config.ts';
import type { Config } from './config.ts';
import { claimDataDirectory, DataDirectoryBusy } from './data-directory.ts';
import { Database } from './database/database.ts';
import { ensureDemoLives } from './database/demo-lives.ts';
import { loadDirectory, readReplayRecords } from './database/directory.ts';
import { EmbeddedPostgres } from './database/embedded-postgres.ts';
import { ensureRoot } from './database/first-start.ts';
import { migrate } from './database/migrate.ts';
import { applySessionFacts } from './database/sessions.ts';
import { failureKind } from './database/transaction.ts';
import { Delivery } from './delivery/delivery.ts';
import { RtmpListener } from './ingest/rtmp-listener.ts';
import { Ledger } from './ledger/ledger.ts';
import type { SessionFact } from './ledger/session-fact.ts';
import { Lives } from './lives/lives.ts';
import { createLog } from './log.ts';
import type { Logger } from './log.ts';

const PAGES = join(import.meta.dirname, '../web/dist');
/** Closing takes this long at the most, whatever hangs. */
const CLOSE_WITHIN_MS = 9_000;
const LEDGER_WITHIN_MS = 3_000;
const REQUESTS_WITHIN_MS = 1_000;

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

/** Starts all rooms in order; what was started is closed again when one fails. */
export async function startServer(config: Config, log: Logger): Promise<Server> {
  const closers: (() => Promise<void> | void)[] = [];
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => (closing ??= closeAll(closers, log));
  try {
    return await startRooms(config, log, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function startRooms(config: Config, log: Logger, closers: (() => Promise<void> | void)[], close: () => Promise<void>): Promise<Server> {
  const { directory, release } = claimDataDirectory(config.dataDir);
  closers.push(release);

  const postgres = config.databaseUrl === null ? await EmbeddedPostgres.start({ directory: join(directory, 'postgres'), log }) : null;
  if (postgres !== null) closers.push(() => postgres.close());
  const database = await Database.open({ connection: config.databaseUrl ?? { ...postgres?.connection }, log });
  closers.push(() => database.close());
  await migrate(database);
  const root = await ensureRoot(database, { password: config.rootPassword, dvrWindowS: config.dvrMaxWindowS });

  const demoKeys = config.demo > 0 ? await ensureDemoLives(database, config.demo, config.dvrMaxWindowS) : [];

  const apply = async (facts: readonly SessionFact[], signal: AbortSignal): Promise<void> => {
    const applied = await database.transaction((client) => applySessionFacts(client, facts), { idempotent: true, signal });
    if (applied.replays.length === 0) return;
    const replays = await readReplayRecords(database, applied.replays.map(({ videoId }) => videoId));
    for (const replay of replays) lives.putReplay(replay);
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
  const isPoison = (error: unknown): boolean => failureKind(error) === 'other';
  const ledger = await Ledger.open({ directory: join(directory, 'ledger'), apply, log, isPoison });
  closers.push(() => ledger.close());
  closers.push(async () => {
    if (!(await ledger.drained(LEDGER_WITHIN_MS))) log.warn({ facts: ledger.pending }, 'closing with facts that the database does not have: they go there at the next start');
  });
  await ledger.drained(LEDGER_WITHIN_MS);
  await lives.start(await loadDirectory(database), ledger.openSessions());
  closers.push(() => lives.close());

  const authenticator = new Authenticator(database);
  const delivery = new Delivery({
    lives,
    log,
    mayWatch: async (authorization, { privacy, ownerId }) => {
      const user = await authenticator.authenticate(authorization);
      return user !== null && (privacy === 4 || user.id === ownerId || user.role <= 1);
    },
  });
  const http = await startHttp(config, delivery, closers);
  const rtmp = new RtmpListener({
    host: config.rtmpHost,
    port: config.rtmpPort,
    door: lives,
    log,
    limits: { handshakeMs: config.rtmpHandshakeTimeoutMs, publishMs: config.rtmpHandshakeTimeoutMs, readMs: config.rtmpReadTimeoutMs, publishers: config.maxPublishers },
  });
  await rtmp.start();
  closers.push(() => rtmp.close());

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
  });
  if (config.demo > 0) closers.push(startDemo({ streamKeys: demoKeys, rtmpUrl: `rtmp://127.0.0.1:${rtmp.port}/live`, log }));
  return {
    publicUrl,
    rtmpPublicUrl,
    httpPort: http.port,
    rtmpPort: rtmp.port,
    rootPassword: root.password,
    lives,
    database,
    ledger,
    databaseLog: postgres?.logFile ?? null,
    close,
  };
}

/** Listens at once, and answers 503 until `serve` has put the pages and the API there: the port is known before what it is told to. */
async function startHttp(
  config: Config,
  delivery: Delivery,
  closers: (() => Promise<void> | void)[],
): Promise<{ port: number; serve: (register: (app: FastifyInstance) => Promise<void>) => Promise<void> }> {
  let handler: ((request: IncomingMessage, response: ServerResponse) => void) | null = null;
  const server = createServer({ keepAliveTimeout: 30_000, noDelay: true }, (request, response) => {
    if (delivery.handle(request, response)) return;
    if (handler !== null) return handler(request, response);
    response.writeHead(503, { 'Retry-After': '1' }).end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: config.httpHost, port: config.httpPort, backlog: 4096 }, resolve);
  });
  closers.push(async () => {
    delivery.close();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    const timer = setTimeout(() => server.closeAllConnections(), REQUESTS_WITHIN_MS);
    await closed;
    clearTimeout(timer);
  });
  return {
    port: (server.address() as AddressInfo).port,
    serve: async (register) => {
      let whenReady: typeof handler = null;
      const app = fastify({ logger: false, serverFactory: (handle) => ((whenReady = handle), server) });
      await register(app);
      await servePages(app);
      await app.ready();
      // not before: a request that came while routes are added would throw inside fastify
      handler = whenReady;
    },
  };
}

/** The pages: files as they are, and the application for every path that it knows better. */
async function servePages(app: FastifyInstance): Promise<void> {
  const index = join(PAGES, 'index.html');
  if (!existsSync(index)) {
    app.get('/', (_request, reply) => reply.code(503).type('text/plain').send('The pages are not built: run npm start, or npx vite build web.\n'));
    return;
  }
  await app.register(fastifyStatic, {
    root: PAGES,
    wildcard: false,
    index: false,
    setHeaders: (response, path) => {
      void response.header('Cache-Control', path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'public, max-age=300');
    },
  });
  const html = readFileSync(index);
  app.get('/*', (_request, reply) => reply.header('Cache-Control', 'no-cache').type('text/html; charset=utf-8').send(html));
}

async function closeAll(closers: (() => Promise<void> | void)[], log: Logger): Promise<void> {
  for (const closer of closers.splice(0).reverse()) {
    try {
      await closer();
    } catch (error) {
      log.error({ err: error }, 'closing');
    }
  }
}

/** What `npm start` runs: settings, server, words for a person, and an orderly end. */
async function main(): Promise<void> {
  const config = loadConfig({ argv: process.argv.slice(2), env: process.env, readFile: (path) => (existsSync(path) ? readFileSync(path, 'utf8') : null) });
  if ('help' in config) {
    process.stdout.write(`${config.help}\n`);
    return;
  }
  const log = createLog(config.logLevel);
  const began = performance.now();
  const server = await startServer(config, log);
  let stopping = false;
  // Ctrl-C comes more than once under npm: from the terminal, and passed on
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'closing');
    setTimeout(() => {
      log.error('closing takes too long: the process ends now');
      process.exit(1);
    }, CLOSE_WITHIN_MS).unref();
    void server.close().then(() => process.exit(0));
  };
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('SIGTERM', () => stop('SIGTERM'));
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
    const told = error instanceof ConfigError || error instanceof DataDirectoryBusy;
    process.stderr.write(`${told ? error.message : ((error as Error).stack ?? String(error))}\n`);
    process.exit(1);
  }
}
