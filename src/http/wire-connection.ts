import type { Socket } from 'node:net';
import type { BodyWriter, Exchange, Headers, PreparedAnswer } from './exchange.ts';
import { formatHead } from './exchange.ts';
import { readShared } from './read-shared.ts';
import { tellAll } from './tell-all.ts';
import { writeAtOnce } from './write-at-once.ts';
import { HEAD_LIMIT, RequestHeadReader } from './request-head.ts';
import type { Fields } from './request-head.ts';

export interface WireOptions {
  /** Answers the request, or leaves it to others with false. */
  readonly handle: (exchange: Exchange) => boolean;
  /** Takes the connection over, from these bytes on. */
  readonly handOver: (socket: Socket, unread: Buffer) => void;
  /** So many bytes were sent that the socket has not counted. */
  readonly sent: (bytes: number) => void;
}

/** A connection on which nothing moves for so long, and on which no request waits for its answer, is cut off. */
const IDLE_MS = 30_000;
/** A head has this long from its first byte to its last. */
const HEAD_WITHIN_MS = 10_000;
const NOTHING = Buffer.alloc(0);

/** One player's connection over HTTP/1.1, as long as it asks for what players ask for; it is handed over when something else comes. */
export class WireConnection {
  /** The socket to use in the place of the accepted one. */
  readonly socket: Socket;
  readonly #release: () => void;
  readonly #options: WireOptions;
  readonly #heads = new RequestHeadReader();
  /** Came, and is not read yet. */
  #unread: Buffer = NOTHING;
  #unreadSince = 0;
  #exchange: WireExchange | null = null;
  /** Requests are being read: one that is answered at once is followed by the next without a call within a call. */
  #reading = false;
  /** The client sends nothing any more. */
  #ended = false;
  #closing = false;
  readonly #onEnd = (): void => this.#clientEnded();
  readonly #onTimeout = (): void => this.#idle();
  readonly #onClose = (): void => this.#exchange?.closed();

  /** `accepted` is of a server with pauseOnConnect and allowHalfOpen; it is not to be used any more, see `socket`. */
  constructor(accepted: Socket, options: WireOptions) {
    const { socket, release } = readShared(accepted, (bytes) => this.#read(bytes));
    this.socket = socket;
    this.#release = release;
    this.#options = options;
    socket.setTimeout(IDLE_MS);
    socket.on('end', this.#onEnd);
    socket.on('timeout', this.#onTimeout);
    socket.on('close', this.#onClose);
    socket.on('error', ignore); // 'close' follows
  }

  /** Closes the connection, behind the answer that is under way. */
  close(): void {
    this.#closing = true;
    if (this.#exchange === null) this.socket.destroy();
  }

  /** For the exchange only: so many bytes went past the socket. */
  wrote(bytes: number): void {
    if (bytes > 0) this.#options.sent(bytes);
  }

  /** For the exchange only: its answer is out, and the next request may be. */
  answered(): void {
    this.#exchange = null;
    if (this.socket.destroyed) return;
    if (this.#closing) return void this.socket.end();
    this.#unreadSince = Date.now(); // the time before was ours
    if (this.socket.isPaused()) this.socket.resume();
    if (this.#unread.length > 0) this.#readOn();
    else if (this.#ended) this.socket.end();
  }

  /** `bytes` are to be used, or copied, before this returns. */
  #read(bytes: Buffer): void {
    if (this.#unread.length === 0) this.#unreadSince = Date.now();
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    try {
      if (this.#exchange === null) this.#readOn();
      else if (this.#unread.length > HEAD_LIMIT) this.socket.pause(); // asks for more than it waits for
    } finally {
      if (this.#unread.length > 0 && this.#unread.buffer === bytes.buffer) this.#unread = Buffer.from(this.#unread);
    }
  }

  #readOn(): void {
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (this.#exchange === null && this.#unread.length > 0 && this.#readHead());
    } finally {
      this.#reading = false;
    }
  }

  /** False: no more can be read now. */
  #readHead(): boolean {
    const unread = this.#unread;
    // Nothing in a head is beyond ASCII: else it is left to others, byte by byte as it came.
    const head = this.#heads.read(unread.toString('latin1', 0, HEAD_LIMIT + 4), 0);
    if (head === 'incomplete') {
      if (this.#ended) return this.#handOver();
      if (Date.now() - this.#unreadSince > HEAD_WITHIN_MS) this.socket.destroy();
      return false;
    }
    if (head === 'unusual') return this.#handOver();
    const exchange = new WireExchange(this, this.socket, head.method, head.url, head.fields);
    this.#exchange = exchange;
    this.#unread = head.end === unread.length ? NOTHING : unread.subarray(head.end);
    this.#unreadSince = Date.now();
    if (this.#options.handle(exchange)) {
      if (this.#ended && !exchange.begun) this.socket.destroy();
      return true;
    }
    this.#exchange = null;
    this.#unread = unread;
    return this.#handOver();
  }

  #handOver(): false {
    const socket = this.socket;
    this.#release();
    socket.off('end', this.#onEnd);
    socket.off('timeout', this.#onTimeout);
    socket.off('close', this.#onClose);
    socket.off('error', ignore);
    socket.setTimeout(0);
    const unread = Buffer.from(this.#unread); // whoever takes it may keep it
    this.#unread = NOTHING;
    this.#options.handOver(socket, unread);
    return false;
  }

  /** As Node does: who asks for nothing more and waits is taken for gone. */
  #clientEnded(): void {
    this.#ended = true;
    if (this.#exchange !== null) {
      if (!this.#exchange.begun) this.socket.destroy();
    } else if (this.#unread.length > 0) {
      this.#handOver(); // in the middle of a head: Node has an answer for that
    } else {
      this.socket.end();
    }
  }

  #idle(): void {
    // A request that waits has nothing to move.
    if (this.#exchange === null || this.#exchange.begun) this.socket.destroy();
  }
}

function ignore(): void {}

/** A request on a player's connection. */
class WireExchange implements Exchange {
  readonly method: string;
  readonly url: string;
  begun = false;
  ended = false;
  readonly #connection: WireConnection;
  readonly #socket: Socket;
  readonly #fields: Fields;
  #callbacks: (() => void)[] | null = null;

  constructor(connection: WireConnection, socket: Socket, method: string, url: string, fields: Fields) {
    this.#connection = connection;
    this.#socket = socket;
    this.method = method;
    this.url = url;
    this.#fields = fields;
  }

  get over(): boolean {
    return this.begun || this.#socket.destroyed;
  }

  header(name: string): string | undefined {
    return this.#fields[name];
  }

  onEnd(callback: () => void): void {
    if (this.ended) callback();
    else (this.#callbacks ??= []).push(callback);
  }

  send(status: number, headers: Headers, body: Uint8Array | readonly Uint8Array[] = []): void {
    if (this.over) return;
    this.begun = true;
    const pieces: Uint8Array[] = [Buffer.from(formatHead(status, headers), 'latin1')];
    if (this.method !== 'HEAD') {
      if (body instanceof Uint8Array) pieces.push(body);
      else pieces.push(...body);
    }
    this.#connection.wrote(writeAtOnce(this.#socket, pieces, this.#sent));
  }

  sendPrepared(answer: PreparedAnswer): void {
    if (this.method === 'HEAD') return this.send(answer.status, answer.headers);
    if (this.over) return;
    this.begun = true;
    this.#connection.wrote(writeAtOnce(this.#socket, answer.pieces, this.#sent));
  }

  begin(status: number, headers: Headers): BodyWriter {
    const socket = this.#socket;
    this.begun = true;
    socket.write(formatHead(status, headers), 'latin1');
    const write = (bytes: Uint8Array): Promise<boolean> =>
      new Promise((resolve) => {
        socket.write(bytes, (error) => resolve(!error && !socket.destroyed));
      });
    return { write, end: () => this.#sent() };
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** For the connection only: the client is gone. */
  closed(): void {
    this.#end();
  }

  /** All is in the kernel's hands, or nothing will be any more. */
  readonly #sent = (): void => {
    try {
      this.#end();
    } finally {
      this.#connection.answered();
    }
  };

  #end(): void {
    if (this.ended) return;
    this.ended = true;
    const callbacks = this.#callbacks;
    this.#callbacks = null;
    if (callbacks !== null) tellAll(callbacks);
  }
}
