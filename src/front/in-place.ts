import { Delivery } from '../delivery/delivery.ts';
import type { Application } from '../http/application.ts';
import { ApplicationBridge } from './application-bridge.ts';
import { HttpListener } from '../http/http-listener.ts';
import type { Logger } from '../log.ts';
import type { FrontOptions } from './front.ts';
import type { PlayerCounts, PlayerDoor } from './player-door.ts';

/** The HTTP port on the thread of everything else. */
export class InPlace implements PlayerDoor {
  readonly #delivery: Delivery;
  readonly #http: HttpListener;

  readonly #log: Logger;

  constructor({ host, port, tls = null, lives, log, mayWatch }: Omit<FrontOptions, 'threads' | 'logLevel'>) {
    this.#log = log;
    this.#delivery = new Delivery({ catalogue: lives, log, mayWatch });
    this.#http = new HttpListener({ host, port, tls, first: (exchange) => this.#delivery.handle(exchange), log });
  }

  get port(): number {
    return this.#http.port;
  }

  start(): Promise<void> {
    return this.#http.start();
  }

  serve(application: Application): void {
    const bridge = new ApplicationBridge((request) => application.answer(request), this.#log);
    this.#http.serve((request, response) => {
      if (request.httpVersionMajor === 1) application.handler(request, response);
      else void bridge.bring(request, response);
    });
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
