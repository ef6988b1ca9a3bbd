/** A part as its line tells it; duration in seconds. */
export interface ListedPart {
  readonly uri: string;
  readonly duration: number;
  readonly independent: boolean;
}

/** A segment: a whole one, or with `uri` null the one that is being written. */
export interface ListedSegment {
  readonly sequence: number;
  readonly uri: string | null;
  readonly duration: number;
  readonly discontinuity: boolean;
  readonly map: string | null;
  /** EXT-X-PROGRAM-DATE-TIME, ms of the epoch. */
  readonly date: number | null;
  readonly parts: readonly ListedPart[];
}

export interface MediaPlaylist {
  readonly text: string;
  readonly version: number;
  readonly targetDuration: number;
  readonly partTarget: number;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  /** EXT-X-SKIP: segments left out. */
  readonly skipped: number;
  readonly control: Readonly<Record<string, string>>;
  readonly segments: readonly ListedSegment[];
  /** The segment that is being written, if it has parts. */
  readonly open: ListedSegment | null;
  readonly hint: string | null;
  readonly ended: boolean;
}

/** Reads a media playlist (draft-pantos-hls-rfc8216bis), strictly: a line that it does not know is an error. */
export function parsePlaylist(text: string): MediaPlaylist {
  const lines = text.split('\n');
  if (lines.shift() !== '#EXTM3U' || lines.pop() !== '') throw new Error(`not a playlist: ${text.slice(0, 200)}`);
  const header = { version: 0, targetDuration: 0, partTarget: 0, mediaSequence: 0, discontinuitySequence: 0, skipped: 0 };
  let control: Record<string, string> = {};
  let hint: string | null = null;
  let ended = false;
  const segments: ListedSegment[] = [];
  let map: string | null = null;
  let next = { duration: 0, discontinuity: false, date: null as number | null, parts: [] as ListedPart[] };
  const take = (uri: string | null): ListedSegment => {
    const segment = { ...next, uri, map, sequence: header.mediaSequence + header.skipped + segments.length };
    next = { duration: 0, discontinuity: false, date: null, parts: [] };
    return segment;
  };
  for (const line of lines) {
    if (/^#(?!EXT)/.test(line)) continue; // a comment (section 4.1)
    const [, tag = '', value = ''] = /^#([A-Z0-9-]+)(?::(.*))?$/.exec(line) ?? [];
    if (line.startsWith('#') && !line.startsWith('#EXT')) continue; // a comment
    if (!line.startsWith('#')) segments.push(take(line));
    else if (tag === 'EXT-X-VERSION') header.version = Number(value);
    else if (tag === 'EXT-X-TARGETDURATION') header.targetDuration = Number(value);
    else if (tag === 'EXT-X-MEDIA-SEQUENCE') header.mediaSequence = Number(value);
    else if (tag === 'EXT-X-DISCONTINUITY-SEQUENCE') header.discontinuitySequence = Number(value);
    else if (tag === 'EXT-X-PART-INF') header.partTarget = Number(parseAttributes(value)['PART-TARGET']);
    else if (tag === 'EXT-X-SERVER-CONTROL') control = parseAttributes(value);
    else if (tag === 'EXT-X-SKIP') header.skipped = Number(parseAttributes(value)['SKIPPED-SEGMENTS']);
    else if (tag === 'EXT-X-MAP') map = parseAttributes(value).URI;
    else if (tag === 'EXT-X-DISCONTINUITY') next.discontinuity = true;
    else if (tag === 'EXT-X-PROGRAM-DATE-TIME') next.date = Date.parse(value);
    else if (tag === 'EXTINF') next.duration = Number(value.split(',')[0]);
    else if (tag === 'EXT-X-PART') {
      const part = parseAttributes(value);
      next.parts.push({ uri: part.URI, duration: Number(part.DURATION), independent: part.INDEPENDENT === 'YES' });
    } else if (tag === 'EXT-X-PRELOAD-HINT') hint = parseAttributes(value).URI;
    else if (tag === 'EXT-X-ENDLIST') ended = true;
    else if (tag !== 'EXT-X-PLAYLIST-TYPE') throw new Error(`unknown line in a playlist: ${line}`);
  }
  return { text, ...header, control, segments, open: next.parts.length > 0 ? take(null) : null, hint, ended };
}

/** An attribute list (section 4.2): names to values, quotes taken off. */
export function parseAttributes(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/([A-Z0-9-]+)=("[^"]*"|[^",]*)(?:,|$)/g)].map(([, name, value]) => [name, value.replaceAll('"', '')]),
  );
}
