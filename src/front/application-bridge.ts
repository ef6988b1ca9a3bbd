import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApplicationAnswer, ApplicationRequest } from '../http/application.ts';
import type { Logger } from '../log.ts';
import { RequestBodies } from './request-bodies.ts';

type AskApplication = (request: ApplicationRequest & { readonly body: Uint8Array<ArrayBuffer> }) => Promise<ApplicationAnswer>;

/** Brings requests, whole, to an application that is elsewhere, and their answers back. */
export class ApplicationBridge {
  readonly #ask: AskApplication;
  readonly #log: Logger;
  readonly #bodies: RequestBodies;

  constructor(ask: AskApplication, log: Logger, bodies = new RequestBodies()) {
    this.#ask = ask;
    this.#log = log;
    this.#bodies = bodies;
  }

  /** Never rejects. */
  async bring(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const answer = await this.#bodies.with(request, async (body) => {
        const { method = 'GET', url = '/' } = request;
        const { remoteAddress } = request.socket;
        const headers = request.httpVersionMajor === 1 ? request.headers : headersOfHttp2(request);
        // Without an address the client has gone: nobody's request must not be taken for one from this machine.
        return remoteAddress === undefined ? null : this.#ask({ method, url, headers, remoteAddress, body });
      });
      if (answer === null || response.destroyed) return;
      if (typeof answer === 'number')
        return void response.writeHead(answer, request.httpVersionMajor === 1 ? { Connection: 'close' } : {}).end();
      response.writeHead(answer.status, [...answer.headers]);
      response.end(request.method === 'HEAD' ? undefined : answer.body);
    } catch (error) {
      if (!request.complete) return; // the client has gone
      this.#log.error({ path: request.url, err: error }, 'a request could not be brought to the application');
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    }
  }
}

/** RFC 9113 section 8.3.1: what HTTP/1.1 has in its request line and in Host comes as fields of its own. */
function headersOfHttp2({ headers }: IncomingMessage): ApplicationRequest['headers'] {
  const fields = Object.entries(headers).filter(([name]) => !name.startsWith(':'));
  return { host: headers[':authority'], ...Object.fromEntries(fields) };
}
