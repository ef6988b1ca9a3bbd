/** The media URI that a media playlist names last, a part or a segment, as a path of the server; null when it names none. */
export function newestMedia(playlist: string, playlistPath: string): string | null {
  let newest: string | null = null;
  for (const line of playlist.split('\n')) {
    if (line.startsWith('#EXT-X-PART:')) newest = /URI="([^"]*)"/.exec(line)?.[1] ?? newest;
    else if (line.trim() !== '' && !line.startsWith('#')) newest = line.trim();
  }
  return newest === null ? null : new URL(newest, `http://server${playlistPath}`).pathname;
}
