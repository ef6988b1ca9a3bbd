import { request as send } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { request as sendSecurely } from 'node:https';

/** An answer as it came: nothing decompressed, nothing followed. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly timeoutMs?: number;
  /** Of the server's certificate, for https. */
  readonly ca?: string;
}

/** One HTTP request on a connection of its own. Rejects when there is no whole answer. */
export function http(url: string, { method = 'GET', headers = {}, body, timeoutMs = 10_000, ca }: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const over = url.startsWith('https:') ? sendSecurely : send;
    const request = over(url, { method, headers, agent: false, ...(ca === undefined ? {} : { ca }) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        clearTimeout(timer);
        const whole = Buffer.concat(chunks);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: whole, text: whole.toString() });
      });
    });
    const timer = setTimeout(() => request.destroy(new Error(`${method} ${url}: no answer within ${timeoutMs} ms`)), timeoutMs);
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.end(body);
  });
}

/** The body of a 200. */
export async function fetchText(url: string): Promise<string> {
  const { status, text } = await http(url);
  if (status !== 200) throw new Error(`${url}: ${status}: ${text}`);
  return text;
}

export async function fetchBytes(url: string): Promise<Buffer> {
  const { status, body, text } = await http(url);
  if (status !== 200) throw new Error(`${url}: ${status}: ${text}`);
  return body;
}
