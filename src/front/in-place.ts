import { Delivery } from '../delivery/delivery.ts';
import type { Application } from '../http/application.ts';
import { HttpListener } from '../http/http-listener.ts';
import type { FrontOptions } from './front.ts';
import type { PlayerCounts, PlayerDoor } from './player-door.ts';

/** The HTTP port on the thread of everything else. */
export class InPlace implements PlayerDoor {
  readonly #delivery: Delivery;
  readonly #http: HttpListener;

  constructor({ host, port, lives, log, mayWatch }: Omit<FrontOptions, 'threads' | 'logLevel'>) {
    this.#delivery = new Delivery({ catalogue: lives, log, mayWatch });
    this.#http = new HttpListener({ host, port, first: (exchange) => this.#delivery.handle(exchange), log });
  }

  get port(): number {
    return this.#http.port;
  }

  start(): Promise<void> {
    return this.#http.start();
  }

  serve(application: Application): void {
    this.#http.serve(application.handler);
  }

  changed(): void {}

  counts(): Promise<PlayerCounts> {
    const { requests, failures, waiting } = this.#delivery;
    return Promise.resolve({
      requests,
      failures,
      waiting,
      connections: this.#http.connectionCount,
      sentBytes: this.#http.sentBytes,
    });
  }

  close(): Promise<void> {
    this.#delivery.close();
    return this.#http.close();
  }
}
