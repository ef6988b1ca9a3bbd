import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';

/** A request that came over another listener. */
export interface ApplicationRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly remoteAddress: string;
  readonly body: Uint8Array;
}

export interface ApplicationAnswer {
  readonly status: number;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
}

/** What an application that is not there answers. */
export const NOT_THERE: ApplicationAnswer = { status: 503, headers: ['Retry-After', '1'], body: new Uint8Array(0) };

/** Headers of one connection, which the answer does not go out on (RFC 9110 section 7.6.1). */
const OF_CONNECTION = new Set(['connection', 'keep-alive', 'transfer-encoding', 'date', 'upgrade', 'trailer']);

/** A fastify application that listens to nothing itself: requests are brought to it. */
export class Application {
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  readonly #app: FastifyInstance;
  readonly #urls: BroughtUrls;
  #closed = false;

  /**
   * Resolves when the application is whole: a request that came while routes are added would throw inside fastify. `trustedProxies`: addresses and networks
   * whose X-Forwarded-For is believed.
   */
  static async create(
    register: (app: FastifyInstance) => Promise<void>,
    trustedProxies: readonly string[] = [],
  ): Promise<Application> {
    let handler: Application['handler'] = () => {};
    const urls = new BroughtUrls();
    const app = fastify({
      logger: false,
      trustProxy: trustedProxies.length > 0 && [...trustedProxies],
      serverFactory: (handle) => ((handler = handle), createServer()),
      rewriteUrl: (request) => urls.of(request as BroughtRequest),
    });
    await register(app);
    await app.ready();
    return new Application(app, urls, handler);
  }

  private constructor(app: FastifyInstance, urls: BroughtUrls, handler: Application['handler']) {
    this.#app = app;
    this.#urls = urls;
    this.handler = handler;
  }

  /** Answers a request that came elsewhere, whole. */
  async answer({ method, url, headers, remoteAddress, body }: ApplicationRequest): Promise<ApplicationAnswer> {
    if (this.#closed) return NOT_THERE;
    const payload = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const answer = await this.#app.inject({
      method: method as 'GET',
      url: this.#urls.bring(url),
      headers: { 'user-agent': undefined, ...headers },
      remoteAddress,
      ...(payload.length === 0 ? {} : { payload }),
    });
    const flat = Object.entries(answer.headers).flatMap(([name, value]) =>
      OF_CONNECTION.has(name) ? [] : [value].flat().flatMap((each) => (each === undefined ? [] : [name, String(each)])),
    );
    return { status: answer.statusCode, headers: flat, body: answer.rawPayload };
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#app.close();
  }
}

interface BroughtRequest {
  url?: string | undefined;
  originalUrl?: string | undefined;
  /** Set by inject, on its own kind of request. */
  readonly isLightMyRequest?: boolean;
}

/** URLs as they came: inject would resolve `..` and backslashes in them, and what a proxy in front of us has let pass would become another path. */
class BroughtUrls {
  readonly #urls = new Map<string, string>();
  #last = 0;

  /** The path that stands for a URL, once. */
  bring(url: string): string {
    this.#last += 1;
    const path = `/${this.#last}`;
    this.#urls.set(path, url);
    return path;
  }

  of(request: BroughtRequest): string {
    const { url = '/' } = request;
    if (request.isLightMyRequest !== true) return url;
    const brought = this.#urls.get(url) ?? url;
    this.#urls.delete(url);
    request.originalUrl = brought;
    return brought;
  }
}
