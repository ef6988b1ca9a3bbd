import { parseMediaPlaylist } from '../../src/cli/drill/playlist-reader.ts';

/** The media URI that a media playlist names last, a part or a segment, as a path of the server; null when it names none. */
export function newestMedia(playlist: string, playlistPath: string): string | null {
  let newest: string | null = null;
  for (const line of playlist.split('\n')) {
    if (line.startsWith('#EXT-X-PART:')) newest = /URI="([^"]*)"/.exec(line)?.[1] ?? newest;
    else if (line.trim() !== '' && !line.startsWith('#')) newest = line.trim();
  }
  return newest === null ? null : new URL(newest, `http://server${playlistPath}`).pathname;
}

/** The query that asks a server for what follows this media playlist, as soon as it is there; empty where it does not know that. */
export function blockingReload(playlist: string): string {
  if (!playlist.includes('CAN-BLOCK-RELOAD=YES')) return '';
  const parsed = parseMediaPlaylist(playlist);
  if (parsed === null) return '';
  return `?_HLS_msn=${parsed.mediaSequence + parsed.segments.length}&_HLS_part=${parsed.openParts}`;
}
