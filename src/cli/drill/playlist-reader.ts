/** What the drill asks of a media playlist. */
export interface MediaPlaylist {
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly ended: boolean;
  readonly segments: readonly Segment[];
  /** Parts listed, in order, and of those how many belong to the segment that is being written. */
  readonly parts: readonly string[];
  readonly openParts: number;
}

export interface Segment {
  readonly uri: string;
  readonly initUri: string | null;
  /** EXT-X-DISCONTINUITY stands before it. */
  readonly discontinuity: boolean;
}

/** Parses a media playlist (RFC 8216bis), as far as the drill needs it. Null when it is none. */
export function parseMediaPlaylist(text: string): MediaPlaylist | null {
  const lines = text.split('\n');
  if (lines[0]?.trim() !== '#EXTM3U') return null;
  const segments: Segment[] = [];
  const parts: string[] = [];
  let mediaSequence = 0;
  let discontinuitySequence = 0;
  let initUri: string | null = null;
  let discontinuity = false;
  let ended = false;
  let openParts = 0;
  for (const line of lines) {
    if (line.startsWith('#EXT-X-MEDIA-SEQUENCE:')) mediaSequence = numberOf(line);
    else if (line.startsWith('#EXT-X-DISCONTINUITY-SEQUENCE:')) discontinuitySequence = numberOf(line);
    else if (line.startsWith('#EXT-X-DISCONTINUITY')) discontinuity = true;
    else if (line.startsWith('#EXT-X-MAP:')) initUri = uriOf(line);
    else if (line.startsWith('#EXT-X-PART:')) {
      parts.push(uriOf(line) ?? '');
      openParts += 1;
    } else if (line.startsWith('#EXT-X-ENDLIST')) ended = true;
    else if (line.trim() !== '' && !line.startsWith('#')) {
      segments.push({ uri: line.trim(), initUri, discontinuity });
      discontinuity = false;
      openParts = 0;
    }
  }
  return { mediaSequence, discontinuitySequence, ended, segments, parts, openParts };
}

function numberOf(line: string): number {
  return Number(line.slice(line.indexOf(':') + 1));
}

function uriOf(line: string): string | null {
  return /URI="([^"]*)"/.exec(line)?.[1] ?? null;
}
