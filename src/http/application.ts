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

/** A fastify application that listens to nothing itself: requests are brought to it. */
export class Application {
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  readonly #app: FastifyInstance;

  /** Resolves when the application is whole: a request that came while routes are added would throw inside fastify. */
  static async create(register: (app: FastifyInstance) => Promise<void>): Promise<Application> {
    let handler: Application['handler'] = () => {};
    const app = fastify({ logger: false, serverFactory: (handle) => ((handler = handle), createServer()) });
    await register(app);
    await app.ready();
    return new Application(app, handler);
  }

  private constructor(app: FastifyInstance, handler: Application['handler']) {
    this.#app = app;
    this.handler = handler;
  }

  /** Answers a request that came elsewhere, whole. */
  async answer({ method, url, headers, remoteAddress, body }: ApplicationRequest): Promise<ApplicationAnswer> {
    const payload = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const answer = await this.#app.inject({
      method: method as 'GET',
      url,
      headers,
      remoteAddress,
      ...(payload.length === 0 ? {} : { payload }),
    });
    const flat = Object.entries(answer.headers).flatMap(([name, value]) =>
      [value].flat().flatMap((each) => (each === undefined ? [] : [name, String(each)])),
    );
    return { status: answer.statusCode, headers: flat, body: answer.rawPayload };
  }

  close(): Promise<void> {
    return this.#app.close();
  }
}
