/** How far a media playlist has come: the next segment's sequence number, and the parts of it already there. */
export interface PlaylistMark {
  segments: number;
  parts: number;
  /** Whole segments in the playlist. */
  listed: number;
  ended: boolean;
}

/** Reads a media playlist's mark. */
export function parseMark(playlist: string): PlaylistMark {
  let sequence = 0;
  let segments = 0;
  let parts = 0;
  let ended = false;
  for (const line of playlist.split('\n')) {
    if (line.startsWith('#EXTINF')) {
      segments += 1;
      parts = 0;
    } else if (line.startsWith('#EXT-X-PART:')) parts += 1;
    else if (line.startsWith('#EXT-X-MEDIA-SEQUENCE:')) sequence = Number.parseInt(line.slice(22), 10);
    else if (line.startsWith('#EXT-X-ENDLIST')) ended = true;
  }
  return { segments: sequence + segments, parts, listed: segments, ended };
}

/** Whether the first mark is further than the second. */
export function isAfter(a: PlaylistMark, b: PlaylistMark): boolean {
  return a.segments > b.segments || (a.segments === b.segments && a.parts > b.parts);
}

/** The address of a multivariant playlist's first media playlist. */
export function firstMediaPlaylist(multivariant: string): string | null {
  const lines = multivariant.split('\n').map((line) => line.trim());
  return lines.find((line) => line !== '' && !line.startsWith('#')) ?? null;
}
