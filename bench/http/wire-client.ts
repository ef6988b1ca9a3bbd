import { connect } from 'node:net';
import type { Socket } from 'node:net';

export interface WireAnswer {
  readonly status: number;
  readonly body: Buffer;
}

export interface WireClientOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Where the connection comes from; all of 127.0.0.0/8 is this machine (Linux). */
  readonly localAddress?: string;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const NOTHING = Buffer.alloc(0);

/**
 * One HTTP/1.1 connection that is kept, one request at a time: what a player has, and cheap enough for hundreds of them in one process beside what is
 * measured. Answers must tell their length.
 */
export class WireClient {
  readonly #port: number;
  readonly #localAddress: string | undefined;
  /** What follows on the path. */
  readonly #head: string;
  #socket: Socket | null = null;
  #closed = false;
  #received: Buffer[] = [];
  #receivedBytes = 0;
  /** Bytes of head and body of the answer that is coming; 0 while its head is not whole. */
  #wantedBytes = 0;
  #headBytes = 0;
  #status = 0;
  #waiting: { resolve: (answer: WireAnswer) => void; reject: (error: Error) => void } | null = null;

  constructor(port: number, options: WireClientOptions = {}) {
    this.#port = port;
    this.#localAddress = options.localAddress;
    const headers = Object.entries(options.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#head = ` HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${headers.join('')}\r\n`;
  }

  /** Rejects when the connection breaks, and once the client is closed. */
  get(path: string): Promise<WireAnswer> {
    if (this.#closed) return Promise.reject(new Error('closed'));
    if (this.#waiting !== null) throw new Error('one request at a time');
    const socket = (this.#socket ??= this.#open());
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      socket.write(`GET ${path}${this.#head}`);
    });
  }

  close(): void {
    this.#closed = true;
    this.#socket?.destroy();
    this.#fail(new Error('closed'));
  }

  #open(): Socket {
    const socket = connect({
      port: this.#port,
      host: '127.0.0.1',
      noDelay: true,
      ...(this.#localAddress === undefined ? {} : { localAddress: this.#localAddress }),
    });
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
    return socket;
  }

  #read(bytes: Buffer): void {
    this.#received.push(bytes);
    this.#receivedBytes += bytes.length;
    if (this.#wantedBytes === 0 && !this.#readHead()) return;
    if (this.#receivedBytes < this.#wantedBytes) return;
    const whole = this.#received.length === 1 ? this.#received[0] : Buffer.concat(this.#received);
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#received = [];
    this.#receivedBytes = 0;
    const body = this.#wantedBytes === this.#headBytes ? NOTHING : whole.subarray(this.#headBytes, this.#wantedBytes);
    this.#wantedBytes = 0;
    waiting?.resolve({ status: this.#status, body });
  }

  #readHead(): boolean {
    if (this.#received.length > 1) this.#received = [Buffer.concat(this.#received)];
    const [bytes] = this.#received;
    const end = bytes.indexOf(HEAD_END);
    if (end < 0) return false;
    const head = bytes.toString('latin1', 0, end);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    this.#status = Number(head.slice(9, 12));
    if (length === undefined && this.#status !== 304 && this.#status !== 204) {
      this.#socket?.destroy(new Error('an answer without a length'));
      return false;
    }
    this.#headBytes = end + HEAD_END.length;
    this.#wantedBytes = this.#headBytes + Number(length ?? 0);
    return true;
  }

  #fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#socket = null;
    this.#received = [];
    this.#receivedBytes = this.#wantedBytes = 0;
    waiting?.reject(error);
  }
}
