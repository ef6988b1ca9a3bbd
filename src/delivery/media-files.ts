import { join } from 'node:path';
import { PreparedAnswer } from '../http/exchange.ts';
import type { BodyWriter, Exchange, Headers } from '../http/exchange.ts';
import type { EdgePart, LiveEdge } from '../lives/live-edge.ts';
import type { HeldBytes } from '../packager/block-pool.ts';
import { parseFragmentHeader } from '../mp4/fragment-reader.ts';
import { recordingDirectory, volumeFile, volumeUri } from '../recording/layout.ts';
import { CACHE, CORS, sendNotModified, sendText } from './answer.ts';
import { parseByteRange } from './byte-range.ts';
import type { EdgeWaiters } from './edge-waiters.ts';
import { lengthOf, OpenVolumes, readBytes } from './open-volumes.ts';
import type { Route } from './route.ts';
import { SegmentCache } from './segment-cache.ts';
import { SlowReaders } from './slow-readers.ts';

/** What is read of a part to learn its length. */
const HEADER_BYTES = 64 * 1024;
/** How long a request for the part that is hinted at waits for it. */
const HINT_WAIT_MS = 5000;
const GONE = 'No such media.';
const HEADERS = [...CORS, 'Content-Type', 'video/mp4', 'Accept-Ranges', 'bytes', 'Cache-Control'];
const MEDIA_HEADERS: Headers = [...HEADERS, CACHE.forever];
const PRIVATE_MEDIA_HEADERS: Headers = [...HEADERS, CACHE.foreverPrivate];
/** What is read of a file at once: no segment of a usual stream is longer. */
const CHUNK_BYTES = 1024 * 1024;

type RangeRoute = Route & { kind: 'range' };
type PartRoute = Route & { kind: 'part' };

/** Segments, parts and init segments: from memory at the live edge, else from the recording. Their URLs name bytes that never change. */
export class MediaFiles {
  readonly #recordings: string;
  readonly #volumes: OpenVolumes;
  readonly #segments = new SegmentCache();
  /** Whole answers of public media, by its bytes in memory. */
  readonly #whole = new WeakMap<Uint8Array, PreparedAnswer>();
  readonly #slow: SlowReaders;
  readonly #waiters: EdgeWaiters;
  readonly #now: () => number;

  constructor(recordings: string, waiters: EdgeWaiters, now: () => number, failed: (error: unknown) => void) {
    this.#recordings = recordings;
    this.#volumes = new OpenVolumes(failed);
    this.#waiters = waiters;
    this.#now = now;
    this.#slow = new SlowReaders(now);
  }

  /** Closes its files. */
  close(): void {
    this.#volumes.close();
    this.#slow.close();
  }

  sendRange(exchange: Exchange, route: RangeRoute, edge: LiveEdge | null, isPublic: boolean): Promise<void> | void {
    const init = route.start === 0 ? (edge?.init(route.sessionId, route.volume) ?? null) : null;
    if (init?.length === route.end) return this.#sendPieces(exchange, [{ bytes: init, block: null }], etag(route), isPublic);
    const parts = edge?.range(route.sessionId, route.volume, route.start, route.end) ?? null;
    if (parts !== null) return this.#sendPieces(exchange, parts, etag(route), isPublic);
    return this.#sendFile(exchange, route, isPublic);
  }

  sendPart(exchange: Exchange, route: PartRoute, edge: LiveEdge | null, isPublic: boolean): Promise<void> | void {
    const find = (): EdgePart | null => edge?.part(route.sessionId, route.volume, route.start) ?? null;
    const part = find();
    if (part !== null) return this.#sendPieces(exchange, [part], etag(route), isPublic);
    if (edge !== null && isHinted(edge, route)) {
      return this.#waiters.add(edge, {
        exchange,
        ready: () => !isHinted(edge, route),
        deadlineMs: this.#now() + HINT_WAIT_MS,
        done: () => {
          const ready = find();
          if (ready === null) sendText(exchange, 404, 'This part was not made.');
          else this.#sendPieces(exchange, [ready], etag(route), isPublic);
        },
      });
    }
    return this.#sendRecordedPart(exchange, route, isPublic);
  }

  async #sendRecordedPart(exchange: Exchange, route: PartRoute, isPublic: boolean): Promise<void> {
    const end = await this.#partEnd(route);
    if (end === null) return sendText(exchange, 404, GONE);
    await this.#sendFile(exchange, { ...route, kind: 'range', end }, isPublic);
  }

  #sendFile(exchange: Exchange, route: RangeRoute, isPublic: boolean): Promise<void> | void {
    const { sessionId, volume, start, end } = route;
    if (end - start > CHUNK_BYTES) return this.#sendLongFile(exchange, route, isPublic);
    const name = `${sessionId}/${volume}/${start}-${end}`;
    const send = (bytes: Uint8Array | null): void => {
      if (bytes === null) sendText(exchange, 404, GONE);
      else this.#sendPieces(exchange, [{ bytes, block: null }], etag(route), isPublic);
    };
    const kept = this.#segments.peek(name);
    if (kept !== null) return send(kept);
    const read = (): Promise<Buffer | null> =>
      this.#volumes.with(this.#path(route), async (descriptor) => {
        // One read tells whether it is there, too.
        const bytes = descriptor === null ? null : await readBytes(descriptor, start, end);
        return bytes?.length === end - start ? bytes : null;
      });
    return this.#segments.get(name, read).then(send);
  }

  #sendLongFile(exchange: Exchange, route: RangeRoute, isPublic: boolean): Promise<void> {
    return this.#volumes.with(this.#path(route), async (descriptor) => {
      if (descriptor === null || (await lengthOf(descriptor)) < route.end) return sendText(exchange, 404, GONE);
      const head = mediaHead(exchange, route.end - route.start, etag(route), isPublic);
      if (head === null) return;
      const { status, headers, start, end } = head;
      if (exchange.method === 'HEAD') return exchange.send(status, headers);
      await sendBytes(descriptor, route.start + start, route.start + end, exchange, exchange.begin(status, headers));
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

  /** Sends what lies in memory, one piece behind the other: their blocks are held until the last byte is out, or the player has gone. */
  #sendPieces(exchange: Exchange, pieces: readonly Piece[], tag: string, isPublic: boolean): void {
    if (pieces.length === 1 && isPublic && asksForAll(exchange)) return this.#sendWhole(exchange, pieces[0], tag);
    const length = pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const head = mediaHead(exchange, length, tag, isPublic);
    if (head === null) return;
    const body: Uint8Array[] = [];
    const blocks: HeldBytes[] = [];
    let at = 0;
    for (const { bytes, block } of pieces) {
      const from = Math.max(head.start - at, 0);
      const to = Math.min(head.end - at, bytes.length);
      at += bytes.length;
      if (to <= from) continue;
      body.push(to - from === bytes.length ? bytes : bytes.subarray(from, to));
      if (block !== null) blocks.push(block);
    }
    this.#holding(exchange, blocks, () => exchange.send(head.status, head.headers, body));
  }

  /** As most ask, and everybody for the same: the answer is prepared once. */
  #sendWhole(exchange: Exchange, { bytes, block }: Piece, tag: string): void {
    if (exchange.over) return;
    let answer = this.#whole.get(bytes);
    if (answer === undefined) {
      answer = new PreparedAnswer(200, [...MEDIA_HEADERS, 'ETag', tag, 'Content-Length', `${bytes.length}`], bytes);
      this.#whole.set(bytes, answer);
    }
    const prepared = answer;
    this.#holding(exchange, block === null ? [] : [block], () => exchange.sendPrepared(prepared));
  }

  /** Holds blocks until what is sent is out: mostly it is before `send` returns. */
  #holding(exchange: Exchange, blocks: readonly HeldBytes[], send: () => void): void {
    for (const block of blocks) block.retain();
    try {
      send();
    } finally {
      if (blocks.length > 0)
        exchange.onEnd(() => {
          for (const block of blocks) block.release();
        });
    }
    if (!exchange.ended) this.#slow.watch(exchange);
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

/** Neither for some of the bytes only, nor on a condition. */
function asksForAll(exchange: Exchange): boolean {
  return exchange.header('range') === undefined && exchange.header('if-none-match') === undefined;
}

function etag(route: RangeRoute | PartRoute): string {
  return `"${route.volume}-${route.start}"`;
}

/** Bytes in memory, and the block that is to be held while they are sent. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly block: HeldBytes | null;
}

/** The head of an answer, and which bytes of the body follow it. */
interface MediaHead {
  readonly status: 200 | 206;
  readonly headers: Headers;
  readonly start: number;
  readonly end: number;
}

/** The head of 200 or 206; null when 304 or 416 has been sent, or nothing can be sent any more. */
function mediaHead(exchange: Exchange, length: number, tag: string, isPublic: boolean): MediaHead | null {
  const cacheControl = isPublic ? CACHE.forever : CACHE.foreverPrivate;
  if (exchange.over || sendNotModified(exchange, tag, cacheControl)) return null;
  const ifRange = exchange.header('if-range');
  const range = ifRange === undefined || ifRange === tag ? parseByteRange(exchange.header('range'), length) : null;
  if (range === 'unsatisfiable') {
    sendText(exchange, 416, 'No such bytes.', ['Content-Range', `bytes */${length}`]);
    return null;
  }
  const { start, end } = range ?? { start: 0, end: length };
  const headers = [...(isPublic ? MEDIA_HEADERS : PRIVATE_MEDIA_HEADERS), 'ETag', tag, 'Content-Length', `${end - start}`];
  if (range === null) return { status: 200, headers, start, end };
  headers.push('Content-Range', `bytes ${start}-${end - 1}/${length}`);
  return { status: 206, headers, start, end };
}

/** Sends bytes of an open file, at the reader's pace. What is cut off meanwhile ends the connection: a short body would leave the player waiting. */
async function sendBytes(descriptor: number, start: number, end: number, exchange: Exchange, body: BodyWriter): Promise<void> {
  for (let at = start; at < end;) {
    const bytes = await readBytes(descriptor, at, Math.min(at + CHUNK_BYTES, end));
    if (bytes.length === 0) return exchange.destroy();
    at += bytes.length;
    if (!(await body.write(bytes))) return;
  }
  body.end();
}
