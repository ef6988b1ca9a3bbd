import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { EdgePart, LiveEdge } from '../lives/live-edge.ts';
import type { Block } from '../packager/block-pool.ts';
import { parseFragmentHeader } from '../mp4/fragment-reader.ts';
import { recordingDirectory, volumeFile, volumeUri } from '../recording/layout.ts';
import { readAt } from '../recording/stored-recording.ts';
import { CACHE, sendHead, sendNotModified, sendText } from './answer.ts';
import { parseByteRange } from './byte-range.ts';
import type { EdgeWaiters } from './edge-waiters.ts';
import type { Route } from './route.ts';

/** What is read of a part to learn its length. */
const HEADER_BYTES = 64 * 1024;
/** How long a request for the part that is hinted at waits for it. */
const HINT_WAIT_MS = 5000;
/** A player that reads nothing for so long is cut off: what it holds is needed elsewhere. */
const STALL_MS = 30_000;
const GONE = 'No such media.';

type RangeRoute = Route & { kind: 'range' };
type PartRoute = Route & { kind: 'part' };

/** Segments, parts and init segments: from memory at the live edge, else from the recording. Their URLs name bytes that never change. */
export class MediaFiles {
  readonly #recordings: string;
  readonly #waiters: EdgeWaiters;
  readonly #now: () => number;

  constructor(recordings: string, waiters: EdgeWaiters, now: () => number) {
    this.#recordings = recordings;
    this.#waiters = waiters;
    this.#now = now;
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

  async #sendFile(request: IncomingMessage, response: ServerResponse, route: RangeRoute, isPublic: boolean): Promise<void> {
    const file = await openIfThere(this.#path(route));
    if (file === null) return sendText(response, 404, GONE);
    try {
      if ((await file.stat()).size < route.end) return sendText(response, 404, GONE);
      const range = sendMediaHead(request, response, route.end - route.start, etag(route), isPublic);
      if (range === null) return;
      await sendBytes(file, route.start + range.start, route.start + range.end, response);
    } finally {
      await file.close();
    }
  }

  /** Where the part that begins at a byte ends, as its own header tells; null when there is none. */
  async #partEnd(route: PartRoute): Promise<number | null> {
    try {
      const file = await open(this.#path(route));
      try {
        const fragment = parseFragmentHeader(await readAt(file, route.start, HEADER_BYTES), 0);
        return fragment === null ? null : route.start + fragment.headerBytes + fragment.payloadBytes;
      } finally {
        await file.close();
      }
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
async function sendBytes(file: FileHandle, start: number, end: number, response: ServerResponse): Promise<void> {
  const body = file.createReadStream({ start, end: end - 1, autoClose: false });
  try {
    await pipeline(body, response, { end: false });
    if (body.bytesRead < end - start) response.destroy();
    else response.end();
  } catch (error) {
    // A player that goes away in the middle of a segment is every day's business.
    if (!/^ERR_STREAM_(PREMATURE_CLOSE|UNABLE_TO_PIPE|DESTROYED)$/.test(String((error as NodeJS.ErrnoException).code)))
      throw error;
  }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
