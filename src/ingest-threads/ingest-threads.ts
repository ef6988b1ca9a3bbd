import { availableParallelism } from 'node:os';
import type { IngestLimits } from '../ingest/limits.ts';
import type { Lives } from '../lives/lives.ts';
import type { Logger } from '../log.ts';
import { SupervisedThreads } from '../threads/supervised-threads.ts';
import { IngestLink } from './ingest-link.ts';
import type { FromIngest, IngestCounts, IngestData } from './messages.ts';

export interface IngestThreadsOptions {
  readonly host: string;
  /** 0: any free port, see `port`. */
  readonly port: number;
  readonly threads: number;
  readonly lives: Lives;
  readonly log: Logger;
  readonly logLevel: string;
  readonly limits: Pick<IngestLimits, 'handshakeMs' | 'publishMs' | 'readMs' | 'publishers' | 'strangers'>;
  readonly partMs: number;
  readonly segmentMinMs: number;
  readonly segmentMaxMs: number;
  /** Memory that recordings are written from is there, or not any more. */
  readonly adopt: (bytes: Uint8Array) => void;
  readonly discard: (bytes: Uint8Array) => void;
}

const CLOSE_WITHIN_MS = 4000;

/** Threads of ingest when nobody has said: up to three cores, publishers are received on the main thread, which is cheaper; else half of them. */
export function defaultIngestThreads(): number {
  const cores = availableParallelism();
  return cores < 4 ? 0 : Math.floor(cores / 2);
}

/** The RTMP port on threads of its own: sockets, RTMP and packaging there, sessions and recordings on this one. */
export class IngestThreads {
  readonly limits: IngestThreadsOptions['limits'];
  readonly #threads: SupervisedThreads<FromIngest, IngestLink>;
  /** What threads counted that are gone. */
  #past: IngestCounts = { connections: 0, turnedAway: 0, receivedBytes: 0 };
  #closing: Promise<void> | null = null;
  #started = false;

  constructor(options: IngestThreadsOptions) {
    const { host, port, threads: count, limits, log, logLevel, partMs, segmentMinMs, segmentMaxMs } = options;
    const { handshakeMs, publishMs, readMs } = limits;
    const strangers = Math.ceil(limits.strangers / count);
    this.limits = limits;
    const world = { ...options, hasRoom: () => this.publishingCount < limits.publishers };
    this.#threads = new SupervisedThreads({
      script: new URL('./ingest-worker.ts', import.meta.url),
      name: 'ingest',
      count,
      host,
      port,
      data: (listen): IngestData => ({
        ...listen,
        logLevel,
        limits: { handshakeMs, publishMs, readMs, strangers },
        partMs,
        segmentMinMs,
        segmentMaxMs,
      }),
      link: (worker) => new IngestLink(worker, world, (counts) => this.#gone(counts)),
      log,
    });
  }

  get port(): number {
    return this.#threads.port;
  }

  get receiving(): boolean {
    return this.#started && this.#closing === null && this.#threads.links.length > 0;
  }

  get publishingCount(): number {
    return this.#threads.links.reduce((sum, link) => sum + link.publishingCount, 0);
  }

  get connectionCount(): number {
    return this.#sum('connections');
  }

  get turnedAwayCount(): number {
    return this.#sum('turnedAway');
  }

  get receivedBytes(): number {
    return this.#sum('receivedBytes');
  }

  async start(): Promise<void> {
    await this.#threads.start();
    this.#started = true;
  }

  /** Tells every publisher, and resolves when what they sent is put out. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#threads.close(CLOSE_WITHIN_MS);
    return this.#closing;
  }

  /** Ends a thread as a fault would: another one takes its place. */
  kill(): Promise<void> {
    return this.#threads.kill();
  }

  #sum(name: keyof IngestCounts): number {
    return this.#threads.links.reduce((sum, { counts }) => sum + counts[name], this.#past[name]);
  }

  #gone({ turnedAway, receivedBytes }: IngestCounts): void {
    const past = this.#past;
    this.#past = {
      connections: 0,
      turnedAway: past.turnedAway + turnedAway,
      receivedBytes: past.receivedBytes + receivedBytes,
    };
  }
}
