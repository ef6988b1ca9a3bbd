import type { Rights } from '../delivery/delivery.ts';
import type { Application } from '../http/application.ts';
import type { TlsPaths } from '../http/tls-files.ts';
import type { Lives } from '../lives/lives.ts';
import type { Logger } from '../log.ts';
import { SupervisedThreads } from '../threads/supervised-threads.ts';
import { FrontLink } from './front-link.ts';
import type { FrontData, FromThread } from './messages.ts';
import { NO_PLAYERS } from './player-door.ts';
import type { PlayerCounts, PlayerDoor } from './player-door.ts';

export interface FrontOptions {
  readonly host: string;
  /** 0: any free port, see `port`. */
  readonly port: number;
  /** Without: plain HTTP. */
  readonly tls?: TlsPaths | null;
  readonly threads: number;
  readonly lives: Lives;
  readonly log: Logger;
  readonly logLevel: string;
  readonly mayWatch: (authorization: string | undefined, rights: Rights) => Promise<boolean>;
}

/** Threads are asked so often whether they are there. */
const BEAT_MS = 2000;
/** A thread is ended when it has not closed by itself in this time. */
const CLOSE_WITHIN_MS = 2500;

/** The HTTP port on threads of its own: players are answered whatever the others do, and the others whatever players do. */
export class Front implements PlayerDoor {
  readonly #threads: SupervisedThreads<FromThread, FrontLink>;
  /** What threads counted that are gone. */
  #past = NO_PLAYERS;
  #application: Application | null = null;
  #beat: NodeJS.Timeout | null = null;
  #closing: Promise<void> | null = null;

  constructor({ host, port, tls = null, threads: count, lives, log, logLevel, mayWatch }: FrontOptions) {
    const { recordings } = lives;
    const epoch = Date.now().toString(36);
    const world = { lives, log, mayWatch, application: () => this.#application };
    this.#threads = new SupervisedThreads({
      script: new URL('./front-worker.ts', import.meta.url),
      name: 'delivery',
      count,
      host,
      port,
      data: (listen): FrontData => ({ ...listen, tls, recordings, epoch, logLevel }),
      link: (worker) => new FrontLink(worker, world, (counted) => this.#gone(counted)),
      log,
    });
  }

  get port(): number {
    return this.#threads.port;
  }

  /** Threads that there are. */
  get threadCount(): number {
    return this.#threads.links.length;
  }

  async start(): Promise<void> {
    await this.#threads.start();
    this.#beat = setInterval(() => {
      for (const link of this.#threads.links) void link.beat();
    }, BEAT_MS).unref();
  }

  serve(application: Application): void {
    this.#application = application;
  }

  changed(videoUuid: string): void {
    for (const link of this.#threads.links) link.changed(videoUuid);
  }

  async counts(): Promise<PlayerCounts> {
    const { links } = this.#threads;
    await Promise.all(links.map((link) => link.counts()));
    return this.#threads.links.map(({ counted }) => counted).reduce(sum, this.#past);
  }

  close(): Promise<void> {
    if (this.#beat !== null) clearInterval(this.#beat);
    this.#closing ??= this.#threads.close(CLOSE_WITHIN_MS);
    return this.#closing;
  }

  /** Ends a thread as a fault would: another one takes its place. */
  kill(): Promise<void> {
    return this.#threads.kill();
  }

  #gone(counted: PlayerCounts): void {
    this.#past = sum(this.#past, { ...counted, waiting: 0, connections: 0 });
  }
}

function sum(a: PlayerCounts, b: PlayerCounts): PlayerCounts {
  const requests = { ...a.requests };
  for (const kind of Object.keys(requests) as (keyof typeof requests)[]) requests[kind] += b.requests[kind];
  return {
    requests,
    failures: a.failures + b.failures,
    waiting: a.waiting + b.waiting,
    connections: a.connections + b.connections,
    sentBytes: a.sentBytes + b.sentBytes,
  };
}
