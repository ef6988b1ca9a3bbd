/** What a player at the edge reads of a media playlist or its delta update. */
export interface EdgePlaylist {
  /** What to ask for next: the segment that is being written, and the part of it that comes. */
  readonly nextSequence: number;
  readonly nextPart: number;
  /** Parts if there are any, else segments; oldest first. */
  readonly media: readonly { readonly uri: string; readonly durationMs: number }[];
}

/** Reads a live playlist (RFC 8216bis), parts or not, whole or not. */
export function readEdgePlaylist(text: string): EdgePlaylist {
  const parts: { uri: string; durationMs: number }[] = [];
  const segments: { uri: string; durationMs: number }[] = [];
  let sequence = 0;
  let openParts = 0;
  let durationMs = 0;
  for (const line of text.split('\n')) {
    if (line.startsWith('#EXT-X-PART:')) {
      const [, seconds, uri] = /DURATION=([0-9.]+),.*URI="([^"]*)"/.exec(line) ?? [];
      parts.push({ uri, durationMs: Number(seconds) * 1000 });
      openParts += 1;
    } else if (line.startsWith('#EXTINF:')) durationMs = Number.parseFloat(line.slice(8)) * 1000;
    else if (line.startsWith('#EXT-X-MEDIA-SEQUENCE:')) sequence += Number(line.slice(22));
    else if (line.startsWith('#EXT-X-SKIP:')) sequence += Number(/SKIPPED-SEGMENTS=(\d+)/.exec(line)?.[1] ?? 0);
    else if (line !== '' && !line.startsWith('#')) {
      segments.push({ uri: line.trim(), durationMs });
      sequence += 1;
      openParts = 0;
    }
  }
  return { nextSequence: sequence, nextPart: openParts, media: parts.length > 0 ? parts : segments };
}
