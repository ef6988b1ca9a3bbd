import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Cache rules: what never changes, what changes all the time, and what only its owner may keep. */
export const CACHE = {
  forever: 'public, max-age=31536000, immutable',
  none: 'no-store',
} as const;

/** Every answer may be read by players of other origins. */
const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Content-Length, Content-Range, Date, ETag, Retry-After',
} as const;

/** `public, max-age=…`, or `private, …` for what needs rights. */
export function cacheFor(seconds: number, isPublic: boolean): string {
  return `${isPublic ? 'public' : 'private'}, max-age=${seconds}`;
}

export function sendHead(response: ServerResponse, status: number, headers: OutgoingHttpHeaders): void {
  response.writeHead(status, { ...CORS, ...headers });
}

/** A short answer in plain text: why there is no media. Nobody keeps it for longer than a second. */
export function sendText(response: ServerResponse, status: number, text: string, headers: OutgoingHttpHeaders = {}): void {
  if (response.headersSent || response.destroyed) return;
  const body = Buffer.from(`${text}\n`);
  sendHead(response, status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': body.length,
    'Cache-Control': status === 404 ? 'public, max-age=1' : CACHE.none,
    ...headers,
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** The answer to a CORS preflight. */
export function sendPreflight(response: ServerResponse): void {
  sendHead(response, 204, {
    'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS',
    'Access-Control-Allow-Headers': 'Authorization, Range, If-None-Match, If-Range',
    'Access-Control-Max-Age': '86400',
  });
  response.end();
}

/** True when the client has this already, and 304 has been sent. RFC 9110 section 13.1.2. */
export function sendNotModified(request: IncomingMessage, response: ServerResponse, etag: string, cacheControl: string): boolean {
  const header = request.headers['if-none-match'];
  if (header === undefined) return false;
  const tags = header.split(',').map(withoutWeak);
  if (!tags.includes(withoutWeak(etag)) && !tags.includes('*')) return false;
  sendHead(response, 304, { ETag: etag, 'Cache-Control': cacheControl });
  response.end();
  return true;
}

function withoutWeak(etag: string): string {
  return etag.trim().replace(/^W\//, '');
}

/** Whether the client takes gzip. */
export function acceptsGzip(request: IncomingMessage): boolean {
  return /(^|,)\s*(gzip|\*)\s*(;\s*q=(?!0(\.0*)?\s*(,|$))[0-9.]+\s*)?(,|$)/i.test(
    String(request.headers['accept-encoding'] ?? ''),
  );
}
