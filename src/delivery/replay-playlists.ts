import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Exchange } from '../http/exchange.ts';
import { renderReplayPieces } from '../packager/media-playlist.ts';
import { renderMultivariantPlaylist } from '../packager/multivariant-playlist.ts';
import { replayTimeline } from '../recording/stored-recording.ts';
import type { StoredRecording } from '../recording/stored-recording.ts';
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
  readonly #read: (sessionId: string) => Promise<StoredRecording>;
  readonly #kept = new Map<string, Promise<Playlists | null>>();
  readonly #sizes = new Map<string, number>();

  constructor(read: (sessionId: string) => Promise<StoredRecording>) {
    this.#read = read;
  }

  async send(exchange: Exchange, sessionId: string, isMultivariant: boolean, isPublic: boolean): Promise<void> {
    const playlists = await this.#get(sessionId);
    if (playlists === null) return sendText(exchange, 404, 'This replay has no media.');
    const text = isMultivariant ? playlists.multivariant : playlists.media;
    text.send(exchange, cacheFor(CACHE_SECONDS, isPublic));
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
      const timeline = replayTimeline(await this.#read(sessionId));
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
