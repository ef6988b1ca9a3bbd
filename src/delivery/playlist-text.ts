import { gzipSync } from 'node:zlib';
import { PreparedAnswer } from '../http/exchange.ts';
import type { Exchange } from '../http/exchange.ts';
import { acceptsGzip, CORS, sendNotModified } from './answer.ts';

/** Playlists that are longer than this are compressed with less effort: an answer is waited for. */
const LONG_BYTES = 64 * 1024;
const SHORT_BYTES = 512;

/** A rendered playlist: made once, sent to all who ask, compressed when the first one takes that. */
export class PlaylistText {
  readonly #plain: Buffer;
  readonly #etag: string;
  #gzip: Buffer | null = null;
  /** Whole answers, by compression and Cache-Control: there are four at the most. */
  readonly #answers = new Map<string, PreparedAnswer>();

  /** `tag` names this text among all that the URL ever gives; weak, for compressed or not it is the same. */
  constructor(text: string | Buffer, tag: string) {
    this.#plain = typeof text === 'string' ? Buffer.from(text) : text;
    this.#etag = `W/"${tag}"`;
  }

  get bytes(): number {
    return this.#plain.length;
  }

  send(exchange: Exchange, cacheControl: string): void {
    if (exchange.over || sendNotModified(exchange, this.#etag, cacheControl)) return;
    const compressed = this.#plain.length >= SHORT_BYTES && acceptsGzip(exchange);
    const name = `${compressed ? 'gzip' : 'plain'} ${cacheControl}`;
    let answer = this.#answers.get(name);
    if (answer === undefined) {
      answer = this.#prepare(compressed, cacheControl);
      this.#answers.set(name, answer);
    }
    exchange.sendPrepared(answer);
  }

  #prepare(compressed: boolean, cacheControl: string): PreparedAnswer {
    const body = compressed
      ? (this.#gzip ??= gzipSync(this.#plain, { level: this.#plain.length > LONG_BYTES ? 1 : 5 }))
      : this.#plain;
    const headers = [
      ...CORS,
      'Content-Type',
      'application/vnd.apple.mpegurl',
      'Content-Length',
      `${body.length}`,
      'Cache-Control',
      cacheControl,
      'ETag',
      this.#etag,
      'Vary',
      'Accept-Encoding',
      ...(compressed ? ['Content-Encoding', 'gzip'] : []),
    ];
    return new PreparedAnswer(200, headers, body);
  }
}
