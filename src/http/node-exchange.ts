import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { BodyWriter, Exchange, Headers, PreparedAnswer } from './exchange.ts';

/** A client that reads nothing for so long is cut off: what it holds is needed elsewhere. */
const STALL_MS = 30_000;

/** An exchange over Node's own HTTP/1.1 or HTTP/2. */
export class NodeExchange implements Exchange {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  /** HTTP/2's response tells it by nothing but its event. */
  #ended = false;

  constructor(request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse) {
    // Of HTTP/2 only what its compatibility API has alike is used.
    this.#request = request as IncomingMessage;
    this.#response = response as ServerResponse;
    this.#response.once('close', () => (this.#ended = true));
  }

  get method(): string {
    return this.#request.method ?? 'GET';
  }

  get url(): string {
    return this.#request.url ?? '/';
  }

  get over(): boolean {
    return this.#response.headersSent || this.#gone;
  }

  get begun(): boolean {
    return this.#response.headersSent;
  }

  get ended(): boolean {
    return this.#ended;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  onEnd(callback: () => void): void {
    if (this.#ended) callback();
    else this.#response.once('close', callback);
  }

  send(status: number, headers: Headers, body: Uint8Array | readonly Uint8Array[] = []): void {
    if (this.over) return;
    const response = this.#head(status, headers);
    if (this.method !== 'HEAD') for (const piece of body instanceof Uint8Array ? [body] : body) response.write(piece);
    response.end();
    response.uncork?.();
  }

  sendPrepared({ status, headers, body }: PreparedAnswer): void {
    this.send(status, headers, body);
  }

  begin(status: number, headers: Headers): BodyWriter {
    const response = this.#head(status, headers);
    response.uncork?.();
    return {
      write: (bytes) => {
        if (this.#gone) return Promise.resolve(false);
        return response.write(bytes) ? Promise.resolve(true) : this.#takesMore();
      },
      end: () => void response.end(),
    };
  }

  /** There is nobody to write to. */
  get #gone(): boolean {
    return this.#ended || this.#response.destroyed === true;
  }

  destroy(): void {
    this.#response.destroy();
  }

  #head(status: number, headers: Headers): ServerResponse {
    const response = this.#response;
    response.cork?.();
    response.writeHead(status, [...headers]);
    response.setTimeout(STALL_MS, () => response.destroy());
    return response;
  }

  #takesMore(): Promise<boolean> {
    const response = this.#response;
    return new Promise((resolve) => {
      const done = (): void => {
        response.off('drain', done);
        response.off('close', done);
        resolve(!this.#gone);
      };
      response.on('drain', done);
      response.on('close', done);
    });
  }
}
