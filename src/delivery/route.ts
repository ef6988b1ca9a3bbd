/** What a path asks for. */
export type Route =
  | { readonly kind: 'multivariant' | 'media_playlist'; readonly videoUuid: string }
  | { readonly kind: 'range'; readonly sessionId: string; readonly volume: number; readonly start: number; readonly end: number }
  /** The part that begins at a byte; its end is for the server to know. */
  | { readonly kind: 'part'; readonly sessionId: string; readonly volume: number; readonly start: number };

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const PLAYLIST = new RegExp(`^/static/streaming-playlists/hls/(?:private/)?(${UUID})/(master|0)\\.m3u8$`);
const MEDIA = new RegExp(`^/media/(${UUID})/([0-9]{6,10})/([0-9]{1,15})(?:-([0-9]{1,15}))?\\.(?:m4s|mp4)$`);

/** Paths that are delivery's to answer, if only with 404. */
export function isDeliveryPath(path: string): boolean {
  return path.startsWith('/media/') || path.startsWith('/static/streaming-playlists/');
}

/** The route of a path without its query, or null when there is none. */
export function parseRoute(path: string): Route | null {
  const media = MEDIA.exec(path);
  if (media !== null) {
    const [, sessionId, volume, start, end] = media;
    const place = { sessionId, volume: Number(volume), start: Number(start) };
    if (end === undefined) return { kind: 'part', ...place };
    return Number(end) > place.start ? { kind: 'range', ...place, end: Number(end) } : null;
  }
  const playlist = PLAYLIST.exec(path);
  if (playlist === null) return null;
  return { kind: playlist[2] === 'master' ? 'multivariant' : 'media_playlist', videoUuid: playlist[1] };
}

/** The delivery directives of a media playlist request (draft-pantos-hls-rfc8216bis section 6.2.5). */
export interface Directives {
  readonly sequence: number | null;
  readonly part: number | null;
  readonly skip: boolean;
}

const DIRECTIVE = /(?:^|&)(_HLS_msn|_HLS_part|_HLS_skip)=([^&]*)/g;

/** Reads `_HLS_msn`, `_HLS_part` and `_HLS_skip` from a query; null when one is wrong, or a part comes without its segment. */
export function parseDirectives(query: string): Directives | null {
  let [sequence, part, skip]: (string | null)[] = [null, null, null];
  for (const [, name, value] of query.matchAll(DIRECTIVE)) {
    if (name === '_HLS_msn') sequence ??= value;
    else if (name === '_HLS_part') part ??= value;
    else skip ??= value;
  }
  const directives = { sequence: wholeNumber(sequence), part: wholeNumber(part), skip: skip !== null };
  if (Number.isNaN(directives.sequence) || Number.isNaN(directives.part)) return null;
  if (part !== null && sequence === null) return null;
  return skip === null || skip === 'YES' || skip === 'v2' ? directives : null;
}

function wholeNumber(text: string | null): number | null {
  if (text === null) return null;
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : NaN;
}

/** What a request for a path of delivery's asks for. */
export interface ParsedUrl {
  /** Null when there is no such path. */
  readonly route: Route | null;
  /** Null when one is wrong. */
  readonly directives: Directives | null;
}

const MOST_KEPT = 4096;
const LONGEST_KEPT = 256;

/** Parses URLs, each once for all players that ask for the same a moment later. */
export class UrlParser {
  readonly #kept = new Map<string, ParsedUrl>();

  parse(url: string): ParsedUrl {
    const kept = this.#kept.get(url);
    if (kept !== undefined) return kept;
    if (url.length > LONGEST_KEPT) return parseUrl(url);
    // A slice of a text keeps the whole of it in memory, here a request's head with all that is in it: the copy does not.
    const copy = Buffer.from(url).toString();
    const parsed = parseUrl(copy);
    if (parsed.route === null) return parsed;
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    this.#kept.set(copy, parsed);
    return parsed;
  }
}

function parseUrl(url: string): ParsedUrl {
  const question = url.indexOf('?');
  const path = question < 0 ? url : url.slice(0, question);
  return { route: parseRoute(path), directives: parseDirectives(question < 0 ? '' : url.slice(question + 1)) };
}
