import type { Exchange, Headers } from '../http/exchange.ts';

/** Cache rules: what never changes, what changes all the time, and what only its owner may keep. */
export const CACHE = {
  forever: 'public, max-age=31536000, immutable',
  foreverPrivate: 'private, max-age=31536000, immutable',
  none: 'no-store',
} as const;

/** Every answer may be read by players of other origins. */
export const CORS: Headers = [
  'Access-Control-Allow-Origin',
  '*',
  'Access-Control-Expose-Headers',
  'Content-Length, Content-Range, Date, ETag, Retry-After',
];

/** `public, max-age=…`, or `private, …` for what needs rights. */
export function cacheFor(seconds: number, isPublic: boolean): string {
  return `${isPublic ? 'public' : 'private'}, max-age=${seconds}`;
}

/** A short answer in plain text: why there is no media. Nobody keeps it for longer than a second. */
export function sendText(exchange: Exchange, status: number, text: string, headers: Headers = []): void {
  if (exchange.over) return;
  const body = Buffer.from(`${text}\n`);
  const cacheControl = status === 404 ? 'public, max-age=1' : CACHE.none;
  const own = ['Content-Type', 'text/plain; charset=utf-8', 'Content-Length', `${body.length}`, 'Cache-Control', cacheControl];
  exchange.send(status, [...CORS, ...own, ...headers], body);
}

/** The answer to a CORS preflight. */
export function sendPreflight(exchange: Exchange): void {
  exchange.send(204, [
    ...CORS,
    'Access-Control-Allow-Methods',
    'GET, HEAD, OPTIONS',
    'Access-Control-Allow-Headers',
    'Authorization, Range, If-None-Match, If-Range',
    'Access-Control-Max-Age',
    '86400',
  ]);
}

/** True when the client has this already, and 304 has been sent. RFC 9110 section 13.1.2. */
export function sendNotModified(exchange: Exchange, etag: string, cacheControl: string): boolean {
  const header = exchange.header('if-none-match');
  if (header === undefined) return false;
  const tags = header.split(',').map(withoutWeak);
  if (!tags.includes(withoutWeak(etag)) && !tags.includes('*')) return false;
  exchange.send(304, [...CORS, 'ETag', etag, 'Cache-Control', cacheControl]);
  return true;
}

function withoutWeak(etag: string): string {
  return etag.trim().replace(/^W\//, '');
}

/** Whether the client takes gzip. */
export function acceptsGzip(exchange: Exchange): boolean {
  const encodings = exchange.header('accept-encoding');
  return encodings !== undefined && /(^|,)\s*(gzip|\*)\s*(;\s*q=(?!0(\.0*)?\s*(,|$))[0-9.]+\s*)?(,|$)/i.test(encodings);
}
