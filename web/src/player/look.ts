import { firstMediaPlaylist, parseMark, type PlaylistMark } from './playlist-mark.ts';

/** A media playlist found before: where it is, how far it was, and whether its server can hold an answer until it goes on. */
export interface Found {
  url: string;
  mark: PlaylistMark;
  canBlock: boolean;
}

/** What is behind a playlist's address. */
export type Look = { kind: 'absent' | 'forbidden' | 'unreachable' } | ({ kind: 'present' } & Found);

const patienceMs = 5000;
// a held answer comes within three target durations
const heldPatienceMs = 20_000;

/** Looks at a live's playlists without playing them. */
export async function lookAt(multivariant: string, token: string | null, signal: AbortSignal): Promise<Look> {
  const first = await read(multivariant, token, patienceMs, signal);
  if (typeof first !== 'string') return first;
  const media = firstMediaPlaylist(first);
  return media === null
    ? { kind: 'absent' }
    : lookAtMedia(new URL(media, new URL(multivariant, location.href)).href, token, signal);
}

/** Looks again at a media playlist; the server answers when there is more, if it can (section 6.2.5.2 of the HLS draft). */
export async function lookBeyond({ url, mark, canBlock }: Found, token: string | null, signal: AbortSignal): Promise<Look> {
  if (!canBlock) return lookAtMedia(url, token, signal);
  const held = await lookAtMedia(`${url}?_HLS_msn=${mark.segments}&_HLS_part=${mark.parts}`, token, signal, heldPatienceMs);
  return held.kind === 'present' ? { ...held, url } : held;
}

async function lookAtMedia(url: string, token: string | null, signal: AbortSignal, ms = patienceMs): Promise<Look> {
  const text = await read(url, token, ms, signal);
  if (typeof text !== 'string') return text;
  return {
    kind: 'present',
    url,
    mark: parseMark(text),
    canBlock: /CAN-BLOCK-RELOAD=YES/.test(text) && /#EXT-X-PART-INF/.test(text),
  };
}

async function read(url: string, token: string | null, ms: number, signal: AbortSignal): Promise<string | Look> {
  try {
    const answer = await fetch(url, {
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      // what is kept for a second here would be given to hls.js as news
      cache: 'no-store',
      signal: AbortSignal.any([signal, AbortSignal.timeout(ms)]),
    });
    const text = await answer.text();
    if (answer.ok) return text;
    if (answer.status === 401 || answer.status === 403) return { kind: 'forbidden' };
    return { kind: answer.status === 404 || answer.status === 410 ? 'absent' : 'unreachable' };
  } catch {
    return { kind: 'unreachable' };
  }
}
