import { setTimeout as sleep } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import { http } from './http.ts';
import { parsePlaylist } from './playlist.ts';
import type { MediaPlaylist } from './playlist.ts';

/** A part as a viewer came to know it. */
export interface SeenPart {
  readonly uri: string;
  /** When it was first listed (performance.now()). */
  readonly listedAt: number;
  /** Null: the viewer did not get it. */
  readonly bytes: Promise<Buffer | null>;
}

/** Without any answer for so long the server has gone for good. */
const PATIENCE_MS = 60_000;

/** A player that follows a live by blocking reloads, gets every part, and goes on asking whatever happens. Ends with the test. */
export class Viewer {
  readonly parts = new Map<string, SeenPart>();
  /** Whole segments by URI, with the media sequence numbers they were listed under. */
  readonly segments = new Map<string, Set<number>>();
  /** Media sequence and discontinuity sequence numbers that went back: none, if all is well. */
  readonly wentBack: string[] = [];
  playlist: MediaPlaylist | null = null;
  readonly #base: string;
  readonly #url: string;
  #stopped = false;
  readonly #done: Promise<void>;

  /** `playlistUrl`: the multivariant playlist of a live. */
  constructor(t: TestContext, playlistUrl: string) {
    this.#base = new URL(playlistUrl).origin;
    this.#url = playlistUrl.replace('master.m3u8', '0.m3u8');
    this.#done = this.#follow();
    t.after(() => this.stop());
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return this.#done;
  }

  async #follow(): Promise<void> {
    let heardAt = performance.now();
    while (!this.#stopped && performance.now() - heardAt < PATIENCE_MS) {
      const { playlist } = this;
      const query = playlist === null ? '' : `?_HLS_msn=${nextSequence(playlist)}&_HLS_part=${playlist.open?.parts.length ?? 0}`;
      const answer = await http(this.#url + query).catch(() => null);
      if (answer !== null) heardAt = performance.now();
      if (answer?.status === 200) this.#take(parsePlaylist(answer.text));
      else await sleep(20); // not on air yet, or the server is away: a player's pause before it asks again
    }
  }

  #take(playlist: MediaPlaylist): void {
    const listedAt = performance.now();
    for (const name of ['mediaSequence', 'discontinuitySequence'] as const) {
      if (playlist[name] < (this.playlist?.[name] ?? 0))
        this.wentBack.push(`${name} from ${this.playlist?.[name]} to ${playlist[name]}`);
    }
    if (nextSequence(playlist) < nextSequence(this.playlist ?? playlist))
      this.wentBack.push(`the newest segment, to ${nextSequence(playlist) - 1}`);
    this.playlist = playlist;
    for (const { uri, sequence } of playlist.segments)
      if (uri !== null) this.segments.set(uri, (this.segments.get(uri) ?? new Set()).add(sequence));
    for (const { uri } of [...playlist.segments, ...(playlist.open === null ? [] : [playlist.open])].flatMap(
      ({ parts }) => parts,
    )) {
      if (this.parts.has(uri)) continue;
      const bytes = http(this.#base + uri).then(
        ({ status, body }) => (status === 200 ? body : null),
        () => null,
      );
      this.parts.set(uri, { uri, listedAt, bytes });
    }
  }
}

function nextSequence(playlist: MediaPlaylist): number {
  return playlist.mediaSequence + playlist.skipped + playlist.segments.length;
}
