import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RecordingShelf } from '../lives/recording-shelf.ts';
import { renderReplayPieces } from '../packager/media-playlist.ts';
import { renderMultivariantPlaylist } from '../packager/multivariant-playlist.ts';
import { replayTimeline } from '../recording/stored-recording.ts';
import { cacheFor, sendText } from './answer.ts';
import { PlaylistText } from './playlist-text.ts';

/** How many bytes of rendered playlists are kept: one of an hour has some 300 kB. */
const KEPT_BYTES = 64 * 1024 * 1024;
/** A replay does not change, but may be deleted. */
const CACHE_SECONDS = 60;

interface Playlists {
  readonly multivariant: PlaylistText;
  readonly media: PlaylistText;
}

/** The playlists of replays, rendered from the recording's index when they are first asked for. */
export class ReplayPlaylists {
  readonly #shelf: RecordingShelf;
  readonly #kept = new Map<string, Promise<Playlists | null>>();
  readonly #sizes = new Map<string, number>();

  constructor(shelf: RecordingShelf) {
    this.#shelf = shelf;
  }

  async send(
    request: IncomingMessage,
    response: ServerResponse,
    sessionId: string,
    kind: 'multivariant' | 'media_playlist',
    isPublic: boolean,
  ): Promise<void> {
    const playlists = await this.#get(sessionId);
    if (playlists === null) return sendText(response, 404, 'This replay has no media.');
    const text = kind === 'multivariant' ? playlists.multivariant : playlists.media;
    text.send(request, response, cacheFor(CACHE_SECONDS, isPublic));
  }

  #get(sessionId: string): Promise<Playlists | null> {
    const kept = this.#kept.get(sessionId) ?? this.#render(sessionId);
    // Taken out and put back: the map's order is that of the last use.
    this.#kept.delete(sessionId);
    this.#kept.set(sessionId, kept);
    return kept;
  }

  async #render(sessionId: string): Promise<Playlists | null> {
    let playlists: Playlists | null = null;
    try {
      const timeline = replayTimeline(await this.#shelf.read(sessionId, true));
      const multivariant = renderMultivariantPlaylist(timeline, '0.m3u8');
      if (multivariant === null) return null;
      const pieces: Buffer[] = [];
      for (const piece of renderReplayPieces(timeline)) {
        pieces.push(Buffer.from(piece));
        await nextTurn();
      }
      playlists = {
        multivariant: new PlaylistText(multivariant, `${sessionId}-m`),
        media: new PlaylistText(Buffer.concat(pieces), sessionId),
      };
      return playlists;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null; // deleted a moment ago
      throw error;
    } finally {
      // What could not be had may be there the next time.
      if (playlists === null) this.#kept.delete(sessionId);
      else this.#note(sessionId, playlists.media.bytes);
    }
  }

  #note(sessionId: string, bytes: number): void {
    this.#sizes.set(sessionId, bytes);
    let sum = [...this.#sizes.values()].reduce((total, size) => total + size, 0);
    for (const oldest of this.#kept.keys()) {
      if (sum <= KEPT_BYTES || oldest === sessionId) break;
      sum -= this.#sizes.get(oldest) ?? 0;
      this.#sizes.delete(oldest);
      this.#kept.delete(oldest);
    }
  }
}
