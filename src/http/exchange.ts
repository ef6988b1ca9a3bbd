/** A response's headers: name, value, name, value. Names in any case; values without line breaks. */
export type Headers = readonly string[];

/** One request and its answer, whatever it came over (HTTP/1.1 read by ourselves, or by Node, or HTTP/2). */
export interface Exchange {
  readonly method: string;
  /** Path and query, as the client sent them. */
  readonly url: string;
  /** A request header by its lower-case name. */
  header(name: string): string | undefined;
  /** An answer is begun, or the client has gone: nothing can be sent any more. */
  readonly over: boolean;
  /** The answer's head is out: what goes wrong from here on can only cut the connection. */
  readonly begun: boolean;
  /** The answer is out whole, or the client has gone, and that was told. */
  readonly ended: boolean;
  /** Calls back once, when the answer is out whole or the client has gone; at once when that was before. */
  onEnd(callback: () => void): void;
  /** Answers with head and body in one write; HEAD gets the head only. `headers` has Content-Length where there is a body. */
  send(status: number, headers: Headers, body?: Uint8Array | readonly Uint8Array[]): void;
  /** Answers with what was prepared for many. */
  sendPrepared(answer: PreparedAnswer): void;
  /** Sends the head; the body follows in pieces. */
  begin(status: number, headers: Headers): BodyWriter;
  /** Cuts the connection, or the stream: nothing sensible can follow. */
  destroy(): void;
}

/** A body that is sent piece by piece. */
export interface BodyWriter {
  /** Resolves when the client has taken enough for more: true; false when it has gone. */
  write(bytes: Uint8Array): Promise<boolean>;
  end(): void;
}

/** Bodies up to this size are put behind their head, in one piece. */
const ONE_PIECE_BYTES = 4096;

/** An answer that is made once and sent to many: its head is written once a second, for its Date. */
export class PreparedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
  #date = '';
  #pieces: readonly Uint8Array[] = [];

  constructor(status: number, headers: Headers, body: Uint8Array) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }

  /** Head and body as they go over HTTP/1.1. */
  get pieces(): readonly Uint8Array[] {
    const date = dateHeader();
    if (this.#date !== date) {
      this.#date = date;
      const head = Buffer.from(formatHead(this.status, this.headers), 'latin1');
      this.#pieces = this.body.length > ONE_PIECE_BYTES ? [head, this.body] : [Buffer.concat([head, this.body])];
    }
    return this.#pieces;
  }
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  204: 'No Content',
  206: 'Partial Content',
  304: 'Not Modified',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  416: 'Range Not Satisfiable',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** Status line and headers of HTTP/1.1 (RFC 9112), with Date, up to the empty line. */
export function formatHead(status: number, headers: Headers): string {
  let head = `HTTP/1.1 ${status} ${REASONS[status] ?? 'Status'}\r\n`;
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${head}Date: ${dateHeader()}\r\n\r\n`;
}

let dateSecond = -1;
let dateText = '';

/** The value of a Date header, made once a second. */
function dateHeader(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(second * 1000).toUTCString();
  }
  return dateText;
}
