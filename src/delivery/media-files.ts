import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { EdgePart, LiveEdge } from '../lives/live-edge.ts';
import type { Block } from '../packager/block-pool.ts';
import { parseFragmentHeader } from '../mp4/fragment-reader.ts';
import { recordingDirectory, volumeFile, volumeUri } from '../recording/layout.ts';
import { CACHE, sendHead, sendNotModified, sendText } from './answer.ts';
import { parseByteRange } from './byte-range.ts';
import type { EdgeWaiters } from './edge-waiters.ts';
import { lengthOf, OpenVolumes, readBytes } from './open-volumes.ts';
import type { Route } from './route.ts';

/** What is read of a part to learn its length. */
const HEADER_BYTES = 64 * 1024;
/** How long a request for the part that is hinted at waits for it. */
const HINT_WAIT_MS = 5000;
/** A player that reads nothing for so long is cut off: what it holds is needed elsewhere. */
const STALL_MS = 30_000;
const GONE = 'No such media.';
/** What is read of a file at once: no segment of a usual stream is longer. */
const CHUNK_BYTES = 1024 * 1024;

type RangeRoute = Route & { kind: 'range' };
type PartRoute = Route & { kind: 'part' };

/** Segments, parts and init segments: from memory at the live edge, else from the recording. Their URLs name bytes that never change. */
export class MediaFiles {
  readonly #recordings: string;
  readonly #volumes: OpenVolumes;
  readonly #waiters: EdgeWaiters;
  readonly #now: () => number;

  constructor(recordings: string, waiters: EdgeWaiters, now: () => number, failed: (error: unknown) => void) {
    this.#recordings = recordings;
    this.#volumes = new OpenVolumes(failed);
    this.#waiters = waiters;
    this.#now = now;
  }

  /** Closes its files. */
  close(): void {
    this.#volumes.close();
  }

  async sendRange(
    request: IncomingMessage,
    response: ServerResponse,
    route: RangeRoute,
    edge: LiveEdge | null,
    isPublic: boolean,
  ): Promise<void> {
    const init = route.start === 0 ? (edge?.init(route.sessionId, route.volume) ?? null) : null;
    if (init?.length === route.end) return sendPieces(request, response, [{ bytes: init, block: null }], etag(route), isPublic);
    const parts = edge?.range(route.sessionId, route.volume, route.start, route.end) ?? null;
    if (parts !== null) return sendPieces(request, response, parts, etag(route), isPublic);
    await this.#sendFile(request, response, route, isPublic);
  }

  async sendPart(
    request: IncomingMessage,
    response: ServerResponse,
    route: PartRoute,
    edge: LiveEdge | null,
    isPublic: boolean,
  ): Promise<void> {
    const find = (): EdgePart | null => edge?.part(route.sessionId, route.volume, route.start) ?? null;
    const part = find();
    if (part !== null) return sendPieces(request, response, [part], etag(route), isPublic);
    if (edge !== null && isHinted(edge, route)) {
      return this.#waiters.add(edge, {
        response,
        ready: () => !isHinted(edge, route),
        deadlineMs: this.#now() + HINT_WAIT_MS,
        done: () => {
          const ready = find();
          if (ready === null) sendText(response, 404, 'This part was not made.');
          else sendPieces(request, response, [ready], etag(route), isPublic);
        },
      });
    }
    const end = await this.#partEnd(route);
    if (end === null) return sendText(response, 404, GONE);
    await this.#sendFile(request, response, { ...route, kind: 'range', end }, isPublic);
  }

  #sendFile(request: IncomingMessage, response: ServerResponse, route: RangeRoute, isPublic: boolean): Promise<void> {
    return this.#volumes.with(this.#path(route), async (descriptor) => {
      if (descriptor === null) return sendText(response, 404, GONE);
      const length = route.end - route.start;
      // Segments are short: one read tells whether they are there, too.
      const whole = length <= CHUNK_BYTES ? await readBytes(descriptor, route.start, route.end) : null;
      if (whole === null ? (await lengthOf(descriptor)) < route.end : whole.length < length) return sendText(response, 404, GONE);
      if (response.destroyed) return;
      const range = sendMediaHead(request, response, length, etag(route), isPublic);
      if (range === null) return;
      if (whole !== null) response.end(whole.subarray(range.start, range.end));
      else await sendBytes(descriptor, route.start + range.start, route.start + range.end, response);
    });
  }

  /** Where the part that begins at a byte ends, as its own header tells; null when there is none. */
  async #partEnd(route: PartRoute): Promise<number | null> {
    try {
      return await this.#volumes.with(this.#path(route), async (descriptor) => {
        if (descriptor === null) return null;
        const fragment = parseFragmentHeader(await readBytes(descriptor, route.start, route.start + HEADER_BYTES), 0);
        return fragment === null ? null : route.start + fragment.headerBytes + fragment.payloadBytes;
      });
    } catch {
      return null; // no such file, or no part begins there: both are 404
    }
  }

  #path(route: { sessionId: string; volume: number }): string {
    return join(recordingDirectory(this.#recordings, route.sessionId), volumeFile(route.volume));
  }
}

function isHinted(edge: LiveEdge, route: PartRoute): boolean {
  const { timeline } = edge;
  if (!timeline.runOpen || timeline.nextPartStart !== route.start) return false;
  return timeline.run?.baseUri === volumeUri(route.sessionId, route.volume);
}

function etag(route: RangeRoute | PartRoute): string {
  return `"${route.volume}-${route.start}"`;
}

/** Bytes in memory, and the block that is to be held while they are sent. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly block: Block | null;
}

/** Sends what lies in memory, one piece behind the other: their blocks are held until the last byte is out, or the player has gone. */
function sendPieces(
  request: IncomingMessage,
  response: ServerResponse,
  pieces: readonly Piece[],
  tag: string,
  isPublic: boolean,
): void {
  if (response.destroyed || response.headersSent) return;
  const length = pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const range = sendMediaHead(request, response, length, tag, isPublic);
  if (range === null) return;
  for (const { block } of pieces) block?.retain();
  response.once('close', () => {
    for (const { block } of pieces) block?.release();
  });
  response.cork();
  let at = 0;
  for (const { bytes } of pieces) {
    const from = Math.max(range.start - at, 0);
    const to = Math.min(range.end - at, bytes.length);
    if (to > from) response.write(bytes.subarray(from, to));
    at += bytes.length;
  }
  response.end();
  response.uncork();
}

/** Sends the head of 200, 206, 304 or 416; gives the range of the body that is to follow, or null when there is none. */
function sendMediaHead(
  request: IncomingMessage,
  response: ServerResponse,
  length: number,
  tag: string,
  isPublic: boolean,
): { start: number; end: number } | null {
  const cacheControl = isPublic ? CACHE.forever : CACHE.forever.replace('public', 'private');
  if (sendNotModified(request, response, tag, cacheControl)) return null;
  const ifRange = request.headers['if-range'];
  const range = ifRange === undefined || ifRange === tag ? parseByteRange(request.headers.range, length) : null;
  if (range === 'unsatisfiable') {
    sendText(response, 416, 'No such bytes.', { 'Content-Range': `bytes */${length}` });
    return null;
  }
  const { start, end } = range ?? { start: 0, end: length };
  sendHead(response, range === null ? 200 : 206, {
    'Content-Type': 'video/mp4',
    'Content-Length': end - start,
    'Accept-Ranges': 'bytes',
    'Cache-Control': cacheControl,
    ETag: tag,
    ...(range === null ? {} : { 'Content-Range': `bytes ${start}-${end - 1}/${length}` }),
  });
  if (request.method !== 'HEAD') {
    response.setTimeout(STALL_MS, () => response.destroy());
    return { start, end };
  }
  response.end();
  return null;
}

/** Sends bytes of an open file, at the reader's pace. What is cut off meanwhile ends the connection: a short body would leave the player waiting. */
async function sendBytes(descriptor: number, start: number, end: number, response: ServerResponse): Promise<void> {
  for (let at = start; at < end;) {
    const bytes = await readBytes(descriptor, at, Math.min(at + CHUNK_BYTES, end));
    if (bytes.length === 0) response.destroy();
    if (response.destroyed) return;
    at += bytes.length;
    if (!response.write(bytes)) await takesMore(response);
  }
  response.end();
}

/** Resolves when the player has taken what it was sent, or is gone. */
function takesMore(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
