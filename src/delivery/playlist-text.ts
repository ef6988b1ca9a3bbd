import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { acceptsGzip, sendHead, sendNotModified } from './answer.ts';

/** Playlists that are longer than this are compressed with less effort: an answer is waited for. */
const LONG_BYTES = 64 * 1024;
const SHORT_BYTES = 512;

/** A rendered playlist: made once, sent to all who ask, compressed when the first one takes that. */
export class PlaylistText {
  readonly #plain: Buffer;
  readonly #etag: string;
  #gzip: Buffer | null = null;

  /** `tag` names this text among all that the URL ever gives; weak, for compressed or not it is the same. */
  constructor(text: string | Buffer, tag: string) {
    this.#plain = typeof text === 'string' ? Buffer.from(text) : text;
    this.#etag = `W/"${tag}"`;
  }

  get bytes(): number {
    return this.#plain.length;
  }

  send(request: IncomingMessage, response: ServerResponse, cacheControl: string): void {
    if (response.destroyed || response.headersSent) return;
    if (sendNotModified(request, response, this.#etag, cacheControl)) return;
    const compressed = this.#plain.length >= SHORT_BYTES && acceptsGzip(request);
    const body = compressed
      ? (this.#gzip ??= gzipSync(this.#plain, { level: this.#plain.length > LONG_BYTES ? 1 : 5 }))
      : this.#plain;
    sendHead(response, 200, {
      'Content-Type': 'application/vnd.apple.mpegurl',
      'Content-Length': body.length,
      'Cache-Control': cacheControl,
      ETag: this.#etag,
      Vary: 'Accept-Encoding',
      ...(compressed ? { 'Content-Encoding': 'gzip' } : {}),
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }
}
