import { setMaxListeners } from 'node:events';
import { Agent as HttpAgent, request as sendHttp } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as sendHttps } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS = 20_000;

/** HTTP on connections that are kept, to one server. */
export class HttpClient {
  readonly base: string;
  readonly #send: (url: string, options: RequestOptions, answered: (response: IncomingMessage) => void) => ClientRequest;
  readonly #agent: HttpAgent;

  readonly #signal: AbortSignal | null;

  /** `base`: the server's address without a path. Aborting `signal` ends what has no signal of its own. */
  constructor(base: string, signal: AbortSignal | null = null) {
    this.#signal = signal;
    if (signal !== null) setMaxListeners(0, signal);
    const isSecure = base.startsWith('https:');
    this.base = base.replace(/\/+$/, '');
    this.#send = isSecure ? sendHttps : sendHttp;
    this.#agent = isSecure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  }

  /** Rejects when there is no whole answer. A connection that was kept and turns out to be closed is no reason. */
  async ask(path: string, ask: Ask = {}): Promise<Answer> {
    for (;;) {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      const request = this.#start(path, ask, resolve, reject);
      try {
        return await promise;
      } catch (error) {
        const isStale = request.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
        if (!isStale || (ask.signal ?? this.#signal)?.aborted === true) throw error;
      }
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #start(
    path: string,
    { method = 'GET', headers = {}, body, timeoutMs = TIMEOUT_MS, signal = this.#signal ?? undefined }: Ask,
    done: (answer: Answer) => void,
    failed: (error: Error) => void,
  ): ClientRequest {
    const options = { method, headers, agent: this.#agent, ...(signal === undefined ? {} : { signal }) };
    const request = this.#send(`${this.base}${path}`, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error) => {
        clearTimeout(timer);
        failed(error);
      });
      response.on('end', () => {
        clearTimeout(timer);
        done({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      });
    });
    const timer = setTimeout(
      () => request.destroy(new Error(`${method} ${path.slice(0, 100)}: no answer within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    request.on('error', (error) => {
      clearTimeout(timer);
      failed(error);
    });
    request.end(body);
    return request;
  }
}
