import type { IncomingMessage } from 'node:http';

/** No form of the API is longer: two pictures and their fields. */
const BODY_LIMIT_BYTES = 24 * 1024 * 1024;

/** A request's body, or null when it is longer than any that there is. Rejects when the client goes away. */
export async function readBody(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer> | null> {
  if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT_BYTES) return null;
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > BODY_LIMIT_BYTES) return null;
    pieces.push(piece);
  }
  // Memory of its own: it is handed to another thread, and what it was cut from is not.
  const body = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    body.set(piece, at);
    at += piece.length;
  }
  return body;
}
