import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RecordingShelf } from '../lives/recording-shelf.ts';
import { renderReplayPlaylist } from '../packager/media-playlist.ts';
import { renderMultivariantPlaylist } from '../packager/multivariant-playlist.ts';
import { replayTimeline } from '../recording/stored-recording.ts';
import { cacheFor, sendText } from './answer.ts';
import { PlaylistText } from './playlist-text.ts';

/** Replays whose playlists are kept rendered. */
const KEPT = 64;
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

  constructor(shelf: RecordingShelf) {
    this.#shelf = shelf;
  }

  async send(request: IncomingMessage, response: ServerResponse, sessionId: string, kind: 'multivariant' | 'media_playlist', isPublic: boolean): Promise<void> {
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
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break;
      this.#kept.delete(oldest);
    }
    kept.catch(() => this.#kept.delete(sessionId));
    return kept;
  }

  async #render(sessionId: string): Promise<Playlists | null> {
    const timeline = replayTimeline(await this.#shelf.read(sessionId, true));
    const multivariant = renderMultivariantPlaylist(timeline, '0.m3u8');
    if (multivariant === null) return null;
    return {
      multivariant: new PlaylistText(multivariant, `${sessionId}-m`),
      media: new PlaylistText(renderReplayPlaylist(timeline), sessionId),
    };
  }
}
