import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, Server as HttpServer, ServerOptions, ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { Http2SecureServer, ServerHttp2Session } from 'node:http2';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Logger } from '../log.ts';
import type { Exchange } from './exchange.ts';
import { NodeExchange } from './node-exchange.ts';
import { CertificateWatch, readCertificate } from './tls-files.ts';
import type { TlsPaths } from './tls-files.ts';
import { WireConnection } from './wire-connection.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface HttpListenerOptions {
  readonly host: string;
  /** 0: any free port, see `port`. */
  readonly port: number;
  /** Answers a player's request, or leaves it to the application with false. */
  readonly first: (exchange: Exchange) => boolean;
  readonly log: Logger;
  /** Several threads listen on one port, and the kernel spreads the connections over them. */
  readonly reusePort?: boolean;
  /** With these the port speaks HTTP/2 and HTTP/1.1 over TLS, and nothing else. */
  readonly tls?: TlsPaths | null;
  /** How long Node waits for requests that are not read by us. */
  readonly patience?: Pick<ServerOptions, 'headersTimeout' | 'requestTimeout' | 'connectionsCheckingInterval'>;
  /** An HTTP/2 connection on which nothing moves for so long is cut off, ms; longer than a request waits. */
  readonly sessionIdleMs?: number;
}

const BACKLOG = 4096;
const KEEP_ALIVE_MS = 30_000;
const SESSION_IDLE_MS = 60_000;
/** A TLS connection has this long to shake hands. */
const HANDSHAKE_MS = 10_000;
/** At once on an HTTP/2 connection: as many as RFC 9113 (section 6.5.2) asks for at the least. */
const STREAMS = 100;
/** Requests that a connection may send ahead, when Node reads it: it hands out all that come, and an answer may wait. */
const MOST_AHEAD = 100;
/** Requests that are being answered have this long when the server closes. */
const REQUESTS_WITHIN_MS = 1000;

/** The one HTTP port, for players, pages and the API. It is open, and known, before the application is there: until then it answers 503. */
export class HttpListener {
  readonly #options: HttpListenerOptions;
  readonly #server: Server;
  /** Reads whatever is not a player's plain request; it listens to no port of its own. */
  readonly #http: HttpServer;
  #handler: Handler | null = null;
  readonly #sockets = new Set<Socket>();
  /** Those whose requests we read. */
  readonly #wires = new Map<Socket, WireConnection>();
  /** Requests that are not answered yet, of those that Node reads. */
  readonly #ahead = new WeakMap<Socket, number>();
  /** What was sent on connections that are over. */
  #sentBytes = 0;
  #closing = false;
  /** Called when the last connection is closed. */
  #drained: () => void = () => undefined;
  /** What TLS connections go over, those too that have not shaken hands. */
  readonly #raw = new Set<Socket>();
  /** Of HTTP/2. */
  readonly #sessions = new Set<ServerHttp2Session>();
  #certificates: CertificateWatch | null = null;

  constructor(options: HttpListenerOptions) {
    this.#options = options;
    const http = { keepAliveTimeout: KEEP_ALIVE_MS, ...options.patience };
    this.#http = createHttpServer(http, (request, response) => this.#answer(request, response));
    this.#http.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      // One that waits behind another answer has no socket yet: Node would put its 100 between its own head and body (v24.21).
      if (response.socket !== null) response.writeContinue();
      this.#answer(request, response);
    });
    // It never listens, and would never begin to look after its connections: slow heads and requests, idle ones at the close.
    this.#http.emit('listening');
    const { tls = null } = options;
    this.#server =
      tls === null
        ? createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: true }, (socket) => this.#open(socket))
        : this.#secureServer(tls);
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
    const { host, port, log, reusePort = false } = this.#options;
    const listening = once(this.#server, 'listening');
    this.#server.listen({ host, port, backlog: BACKLOG, reusePort });
    await listening;
    this.#server.on('error', (error) => log.error({ err: error }, 'HTTP listener'));
  }

  /** Puts an application there. */
  serve(handler: Handler): void {
    this.#handler = handler;
  }

  /** Stops listening; resolves when all connections are closed, those with an answer under way a second later at the most. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#server.close();
    this.#certificates?.close();
    this.#http.close();
    for (const session of this.#sessions) session.close();
    for (const socket of this.#sockets) {
      const isOfNode = socket instanceof TLSSocket && socket.alpnProtocol !== 'h2';
      if (isOfNode && (this.#ahead.get(socket) ?? 0) === 0) socket.destroySoon();
    }
    for (const wire of this.#wires.values()) wire.close();
    this.#http.closeIdleConnections();
    const timer = setTimeout(() => {
      for (const socket of [...this.#sockets, ...this.#raw]) socket.destroy();
    }, REQUESTS_WITHIN_MS);
    if (this.#isOpen) await new Promise<void>((resolve) => (this.#drained = resolve));
    clearTimeout(timer);
  }

  /** There are connections. The server itself counts those for ever that are read anew (see readShared). */
  get #isOpen(): boolean {
    return this.#sockets.size > 0 || this.#raw.size > 0;
  }

  #secureServer(paths: TlsPaths): Http2SecureServer {
    const certificate = readCertificate(paths);
    const options = {
      ...certificate,
      allowHTTP1: true,
      noDelay: true,
      handshakeTimeout: HANDSHAKE_MS,
      settings: { maxConcurrentStreams: STREAMS },
    };
    const server = createSecureServer(options, (request, response) =>
      // Of HTTP/2 only what its compatibility API has alike is used.
      this.#answer(request as unknown as IncomingMessage, response as unknown as ServerResponse),
    );
    server.on('connection', (socket: Socket) => {
      this.#raw.add(socket);
      socket.once('close', () => {
        this.#raw.delete(socket);
        if (!this.#isOpen) this.#drained();
      });
    });
    server.on('secureConnection', (socket) => this.#note(socket));
    server.on('session', (session) => {
      session.setTimeout(this.#options.sessionIdleMs ?? SESSION_IDLE_MS, () => session.destroy());
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
    });
    server.on('sessionError', () => undefined); // its connection is closed: whose fault it was, nobody can say
    this.#certificates = new CertificateWatch(paths, certificate, this.#options.log);
    this.#certificates.start(server);
    return server;
  }

  #note(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#wires.delete(socket);
      this.#sentBytes += socket.bytesWritten;
      if (!this.#isOpen) this.#drained();
    });
  }

  #open(accepted: Socket): void {
    const wire = new WireConnection(accepted, {
      handle: this.#options.first,
      sent: (bytes) => (this.#sentBytes += bytes),
      handOver: (socket, unread) => {
        this.#wires.delete(socket);
        // As if it had just come: the bytes first, which nobody has read.
        this.#http.emit('connection', socket);
        if (unread.length > 0) socket.emit('data', unread);
        if (socket.readableEnded) socket.emit('end');
      },
    });
    this.#note(wire.socket);
    this.#wires.set(wire.socket, wire);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (request.httpVersionMajor === 1 && !this.#mayWait(request, response)) return void request.socket.destroy();
    if (this.#closing && request.httpVersionMajor === 1) response.setHeader('Connection', 'close');
    if (this.#options.first(new NodeExchange(request, response))) return;
    if (this.#handler !== null) return this.#handler(request, response);
    response.writeHead(503, { 'Retry-After': '1' }).end();
  }

  /** Whether a connection has not too many requests under way. */
  #mayWait({ socket }: IncomingMessage, response: ServerResponse): boolean {
    const ahead = (this.#ahead.get(socket) ?? 0) + 1;
    if (ahead > MOST_AHEAD) return false;
    this.#ahead.set(socket, ahead);
    response.once('close', () => this.#ahead.set(socket, (this.#ahead.get(socket) ?? 0) - 1));
    return true;
  }
}
