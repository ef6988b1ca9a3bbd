import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { PublishDoor } from '../lives/door.ts';
import type { Logger } from '../log.ts';
import { findSharedPort, PORTS_CAN_BE_SHARED } from '../shared-port.ts';
import { DEFAULT_INGEST_LIMITS } from './limits.ts';
import type { IngestLimits } from './limits.ts';
import { ReadWheel, restMs } from './read-wheel.ts';
import { RtmpPublisher } from './rtmp-publisher.ts';
import type { PublisherOwner } from './rtmp-publisher.ts';
import { readShared } from './shared-read.ts';

export interface RtmpListenerOptions {
  readonly host: string;
  /** 0: any free port, see `port`. */
  readonly port: number;
  readonly door: PublishDoor;
  readonly log: Logger;
  /** The application's name in RTMP URLs; `live` when not set. */
  readonly app?: string;
  readonly limits?: Partial<IngestLimits>;
  /** Others listen on this port too, and have found it free. */
  readonly reusePort?: boolean;
}

const TICK_MS = 250;
const BACKLOG = 4096;
/** An event loop accepts one connection of each socket in a turn, and in a storm its turns are long: so several sockets listen on the port. */
const SOCKETS = 16;
const TURNED_AWAY_LOG_MS = 10_000;

/** Listens for RTMP publishers and leads them to the door. */
export class RtmpListener implements PublisherOwner {
  readonly app: string;
  readonly door: PublishDoor;
  readonly limits: IngestLimits;
  now = performance.now();
  /** Connections that will soon publish, as it seems, at the last tick. */
  #newcomers = 0;
  readonly #options: RtmpListenerOptions;
  readonly #servers: Server[] = [];
  readonly #publishers = new Set<RtmpPublisher>();
  readonly #wheel = new ReadWheel((error) => this.#options.log.error({ err: error }, 'a publisher could not be read on'));
  /** How many of them hold a publication. */
  publishingCount = 0;
  receivedBytes = 0;
  /** Connections that were closed without a word: too many did not publish. */
  turnedAwayCount = 0;
  #timer: NodeJS.Timeout | null = null;
  #closing: Promise<void> | null = null;
  #turnedAway = 0;
  #turnedAwayLoggedAt = -Infinity;

  constructor(options: RtmpListenerOptions) {
    this.#options = options;
    this.app = options.app ?? 'live';
    this.door = options.door;
    this.limits = { ...DEFAULT_INGEST_LIMITS, ...options.limits };
  }

  /** The port it listens on. */
  get port(): number {
    return (this.#servers[0].address() as AddressInfo).port;
  }

  /** Connections, publishing or not. */
  get connectionCount(): number {
    return this.#publishers.size;
  }

  /** Publishers are let in. */
  get receiving(): boolean {
    return this.#timer !== null && this.#closing === null;
  }

  restMs(sinceMs: number, quietMs: number): number {
    return restMs(this.publishingCount, this.#newcomers, sinceMs, quietMs);
  }

  get hasRoom(): boolean {
    return this.publishingCount < this.limits.publishers;
  }

  /** Listens; rejects when the address is taken. One that is closed meanwhile does not listen any more. */
  async start(): Promise<void> {
    try {
      await this.#listen();
    } catch (error) {
      this.#stopListening();
      throw error;
    }
    if (this.#closing !== null) return this.#stopListening();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#options.log.info({ host: this.#options.host, port: this.port }, 'listening for RTMP');
  }

  async #listen(): Promise<void> {
    const { host, log, reusePort = false } = this.#options;
    const shared = reusePort || PORTS_CAN_BE_SHARED;
    let port = shared && !reusePort ? await findSharedPort(host, this.#options.port) : this.#options.port;
    for (let i = 0; i < (shared ? SOCKETS : 1); i += 1) {
      const server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => this.#open(socket));
      this.#servers.push(server);
      const listening = once(server, 'listening');
      server.listen({ host, port, backlog: BACKLOG, reusePort: shared });
      await listening;
      port = this.port;
      server.on('error', (error) => log.error({ err: error }, 'RTMP listener'));
    }
  }

  #stopListening(): void {
    for (const server of this.#servers) if (server.listening) server.close();
  }

  /** Stops listening, tells every publisher, and resolves when all connections are closed, within `lingerMs` and a little. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#stopListening();
    this.#wheel.close();
    for (const publisher of this.#publishers) publisher.close('server_closing');
    await Promise.all(Array.from(this.#publishers, (publisher) => publisher.closed));
    this.#wheel.close(); // those that were read once more have rested again
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #open(accepted: Socket): void {
    if (this.#closing !== null || this.#publishers.size - this.publishingCount >= this.limits.strangers) {
      accepted.destroy();
      this.#turnedAway += 1;
      this.turnedAwayCount += 1;
      return;
    }
    const publisher = new RtmpPublisher(randomUUID(), this, this.#options.log, (read) => readShared(accepted, this.#wheel, read));
    this.#publishers.add(publisher);
    void publisher.closed.then(() => this.#publishers.delete(publisher));
  }

  /** A bug in it is said, and does not end the process. */
  #tick(): void {
    try {
      this.#tickAll();
    } catch (error) {
      this.#options.log.error({ err: error }, 'tick of publishers failed');
    }
  }

  #tickAll(): void {
    this.now = performance.now();
    this.#newcomers = 0;
    for (const publisher of this.#publishers) {
      try {
        publisher.tick(this.now);
        if (publisher.isNewcomer) this.#newcomers += 1;
      } catch (error) {
        // A bug ends its connection, and not the process.
        this.#options.log.error({ connection: publisher.id, err: error }, 'publisher failed');
        publisher.destroy();
      }
    }
    if (this.#turnedAway > 0 && this.now - this.#turnedAwayLoggedAt > TURNED_AWAY_LOG_MS) {
      this.#options.log.warn(
        { count: this.#turnedAway, limit: this.limits.strangers },
        'connections turned away: too many that do not publish',
      );
      this.#turnedAway = 0;
      this.#turnedAwayLoggedAt = this.now;
    }
  }
}
