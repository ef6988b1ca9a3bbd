import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import type { Logger } from './log.ts';

export interface HttpListenerOptions {
  readonly host: string;
  /** 0: any free port, see `port`. */
  readonly port: number;
  /** Answers a request, or leaves it to the application with false. */
  readonly first: (request: IncomingMessage, response: ServerResponse) => boolean;
  readonly log: Logger;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const BACKLOG = 4096;
const KEEP_ALIVE_MS = 30_000;
/** Requests that are being answered have this long when the server closes. */
const REQUESTS_WITHIN_MS = 1000;

/** The one HTTP port, for players, pages and the API. It is open, and known, before the application is there: until then it answers 503. */
export class HttpListener {
  readonly #options: HttpListenerOptions;
  readonly #server: Server;
  #app: FastifyInstance | null = null;
  #handler: Handler | null = null;
  readonly #sockets = new Set<Socket>();
  /** What was sent on connections that are over. */
  #sentBytes = 0;

  constructor(options: HttpListenerOptions) {
    this.#options = options;
    this.#server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true }, (request, response) =>
      this.#answer(request, response),
    );
    this.#server.on('connection', (socket) => this.#note(socket));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** All bytes sent so far, heads too: each socket counts its own, and they are added up only when somebody asks. */
  get sentBytes(): number {
    let sum = this.#sentBytes;
    for (const socket of this.#sockets) sum += socket.bytesWritten;
    return sum;
  }

  get connectionCount(): number {
    return this.#sockets.size;
  }

  /** Listens; rejects when the address is taken. */
  async start(): Promise<void> {
    const { host, port, log } = this.#options;
    const listening = once(this.#server, 'listening');
    this.#server.listen({ host, port, backlog: BACKLOG });
    await listening;
    this.#server.on('error', (error) => log.error({ err: error }, 'HTTP listener'));
  }

  /** Puts an application there. */
  async serve(register: (app: FastifyInstance) => Promise<void>): Promise<void> {
    let whenReady: Handler | null = null;
    const app = fastify({ logger: false, serverFactory: (handle) => ((whenReady = handle), this.#server) });
    this.#app = app;
    await register(app);
    await app.ready();
    // Not before: a request that came while routes are added would throw inside fastify.
    this.#handler = whenReady;
  }

  /** Stops listening; resolves when all connections are closed, those with an answer under way a second later at the most. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), REQUESTS_WITHIN_MS);
    await closed;
    clearTimeout(timer);
    await this.#app?.close();
  }

  #note(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#sentBytes += socket.bytesWritten;
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (this.#options.first(request, response)) return;
    if (this.#handler !== null) return this.#handler(request, response);
    response.writeHead(503, { 'Retry-After': '1' }).end();
  }
}
