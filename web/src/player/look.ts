import { firstMediaPlaylist, parseMark, type PlaylistMark } from './playlist-mark.ts';

/** What is behind a playlist's address. */
export type Look = { kind: 'absent' | 'forbidden' | 'unreachable' } | { kind: 'present'; mark: PlaylistMark };

const patienceMs = 5000;

/** Looks at a live's playlists without playing them. */
export async function lookAt(multivariant: string, token: string | null, signal: AbortSignal): Promise<Look> {
  try {
    const first = await read(multivariant, token, signal);
    if (typeof first !== 'string') return first;
    const media = firstMediaPlaylist(first);
    if (media === null) return { kind: 'absent' };
    const second = await read(new URL(media, new URL(multivariant, location.href)).href, token, signal);
    return typeof second === 'string' ? { kind: 'present', mark: parseMark(second) } : second;
  } catch {
    return { kind: 'unreachable' };
  }
}

async function read(url: string, token: string | null, signal: AbortSignal): Promise<string | Look> {
  const answer = await fetch(url, {
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
  });
  const text = await answer.text();
  if (answer.ok) return text;
  if (answer.status === 401 || answer.status === 403) return { kind: 'forbidden' };
  return { kind: answer.status === 404 || answer.status === 410 ? 'absent' : 'unreachable' };
}
