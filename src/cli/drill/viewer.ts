import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpClient } from './http-client.ts';
import { parseMediaPlaylist } from './playlist-reader.ts';
import type { MediaPlaylist } from './playlist-reader.ts';
import type { World } from './world.ts';

export interface ViewerOptions {
  readonly http: HttpClient;
  readonly uuid: string;
  readonly world: World;
  /** How often the playlist is looked at while nothing new is expected. */
  readonly everyMs: number;
}

const SOON_MS = 100;
const NEVER_MS = 60_000;
/** The volume that a media URI belongs to: a session has a new one each time its publisher comes. */
const VOLUME = /\/media\/([0-9a-f-]{36}\/[0-9]+)\//;

/** Watches the playlist of one live as a player does, and measures how long it takes until something new can be played. */
export class Viewer {
  playlists = 0;
  parts = 0;
  readonly #options: ViewerOptions;
  readonly #over = new AbortController();
  readonly #seen = new Set<string>();
  #last: MediaPlaylist | null = null;
  #expected: { readonly since: number; readonly found: (ms: number) => void } | null = null;
  /** A publisher was taken once. */
  #begun = false;
  #wake = Promise.withResolvers<void>();
  #running: Promise<void> = Promise.resolve();

  constructor(options: ViewerOptions) {
    this.#options = options;
  }

  /** Behind the last segment of the playlist, as it was last seen. */
  get endSequence(): number {
    return this.#last === null ? 0 : this.#last.mediaSequence + this.#last.segments.length;
  }

  start(): void {
    this.#running = this.#watch();
  }

  /**
   * A publisher comes: resolves with the time from `since` (of performance.now()) until a part of what it sends was fetched. While the live has never been
   * on air there is nothing to wait for at the server: then the viewer asks again and again, from `taken` on.
   */
  expectNew(since: number, taken: Promise<void>): Promise<number> {
    return new Promise((found) => {
      this.#expected = { since, found };
      if (this.#last !== null) this.#wake.resolve();
      else void taken.then(() => this.#begin());
    });
  }

  /** A publisher comes, and nobody measures: looks as often as ever, once it is taken. */
  expectAny(taken: Promise<void>): void {
    if (this.#last === null) void taken.then(() => this.#begin());
  }

  async close(): Promise<void> {
    this.#over.abort();
    this.#wake.resolve();
    await this.#running;
  }

  async #watch(): Promise<void> {
    const { world, everyMs } = this.#options;
    while (!this.#over.signal.aborted) {
      let waitMs = everyMs;
      try {
        waitMs = await this.#look();
      } catch (error) {
        if (this.#over.signal.aborted) return;
        if (!world.serverDown) world.fault('a viewer got no answer', (error as Error).message);
        waitMs = SOON_MS;
      }
      if (waitMs === 0) continue;
      this.#wake = Promise.withResolvers();
      await Promise.race([sleep(waitMs, undefined, { signal: this.#over.signal }).catch(() => {}), this.#wake.promise]);
    }
  }

  /** One look at the playlist; gives how long to wait before the next. */
  async #look(): Promise<number> {
    const { uuid, world, everyMs } = this.#options;
    const last = this.#last;
    // A player asks for what comes next and is answered when it is there.
    const next =
      last !== null && this.#expected !== null
        ? `?_HLS_msn=${last.mediaSequence + last.segments.length}&_HLS_part=${last.openParts}`
        : '';
    const wasDown = world.serverDown;
    const { status, body } = await this.#get(`/static/streaming-playlists/hls/${uuid}/0.m3u8${next}`);
    if (status === 404 && last === null) return this.#expected !== null ? SOON_MS : this.#begun ? everyMs : NEVER_MS;
    if (status !== 200) {
      if (!wasDown && !world.serverDown)
        world.fault(`a playlist was answered with ${status}`, `${uuid}${next}: ${body.toString().slice(0, 100)}`);
      return SOON_MS;
    }
    this.playlists += 1;
    const playlist = parseMediaPlaylist(body.toString());
    if (playlist === null) {
      world.fault('a playlist is none', body.toString().slice(0, 100));
      return everyMs;
    }
    this.#judge(playlist);
    this.#last = playlist;
    return (await this.#fetchNew(playlist)) || this.#expected !== null ? 0 : everyMs * (0.75 + Math.random() / 2);
  }

  #begin(): void {
    this.#begun = true;
    this.#wake.resolve();
  }

  #judge(playlist: MediaPlaylist): void {
    const { uuid, world } = this.#options;
    if (playlist.ended) world.fault('a playlist of a permanent live has an end', uuid);
    const last = this.#last;
    if (last === null) return;
    const went = (what: string, from: number, to: number): void =>
      world.fault(`${what} went back`, `${uuid}: from ${from} to ${to}`);
    const end = ({ mediaSequence, segments }: MediaPlaylist): number => mediaSequence + segments.length;
    if (playlist.mediaSequence < last.mediaSequence) went('a media sequence number', last.mediaSequence, playlist.mediaSequence);
    if (end(playlist) < end(last)) went('the last media sequence number', end(last), end(playlist));
    if (playlist.discontinuitySequence < last.discontinuitySequence) {
      went('a discontinuity sequence number', last.discontinuitySequence, playlist.discontinuitySequence);
    }
  }

  /** Fetches the first part of what was not there before; true when there was any. */
  async #fetchNew(playlist: MediaPlaylist): Promise<boolean> {
    let any = false;
    for (const uri of [...playlist.parts, ...playlist.segments.map((segment) => segment.uri)]) {
      const volume = VOLUME.exec(uri)?.[1] ?? '';
      if (this.#seen.has(volume)) continue;
      const { status } = await this.#get(uri);
      if (status !== 200) {
        this.#options.world.fault(`a part was answered with ${status}`, uri);
        continue;
      }
      this.parts += 1;
      this.#seen.add(volume);
      any = true;
      const expected = this.#expected;
      this.#expected = null;
      expected?.found(performance.now() - expected.since);
    }
    return any;
  }

  #get(path: string) {
    return this.#options.http.ask(path, { signal: this.#over.signal });
  }
}
