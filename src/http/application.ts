import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';

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

  close(): Promise<void> {
    return this.#app.close();
  }
}
