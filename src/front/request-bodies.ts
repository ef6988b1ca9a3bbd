import type { IncomingMessage } from 'node:http';

/** No form of the API is longer: two pictures and their fields. */
const BODY_LIMIT_BYTES = 24 * 1024 * 1024;
/** All that are here at a time: anybody may send one, before anybody asks who it is. */
const ALL_LIMIT_BYTES = 256 * 1024 * 1024;

/** Bodies of requests, read whole: each is bounded, and all of them together. */
export class RequestBodies {
  readonly #limit: number;
  readonly #allLimit: number;
  #bytes = 0;

  constructor(limitBytes = BODY_LIMIT_BYTES, allLimitBytes = ALL_LIMIT_BYTES) {
    this.#limit = limitBytes;
    this.#allLimit = allLimitBytes;
  }

  /** Bytes that are here. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Calls `use` with a request's body, which is here until that resolves. Else the status of the refusal: 413, or 503 while there are too many. Rejects when the client goes away. */
  async with<T>(request: IncomingMessage, use: (body: Uint8Array<ArrayBuffer>) => Promise<T>): Promise<T | 413 | 503> {
    if (Number(request.headers['content-length'] ?? 0) > this.#limit) return 413;
    const pieces: Buffer[] = [];
    let length = 0;
    try {
      for await (const piece of request as AsyncIterable<Buffer>) {
        length += piece.length;
        this.#bytes += piece.length;
        if (length > this.#limit) return 413;
        if (this.#bytes > this.#allLimit) return 503;
        pieces.push(piece);
      }
      return await use(joined(pieces, length));
    } finally {
      this.#bytes -= length;
    }
  }
}

/** In memory of their own: it goes to another thread, and what they were cut from does not. */
function joined(pieces: readonly Buffer[], length: number): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    body.set(piece, at);
    at += piece.length;
  }
  return body;
}
