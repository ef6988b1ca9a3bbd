import type HlsClass from 'hls.js';
import type { LevelDetails } from 'hls.js';
import { hlsSettings } from './hls-settings.ts';
import { bufferedAhead, HoleCrossing, pause, type Link, type LinkOptions } from './link.ts';
import { lookAt, lookBeyond, type Found, type Look } from './look.ts';
import { growthLimit, pictureOfLive, type LiveState, type Picture } from './picture.ts';
import { isAfter, type PlaylistMark } from './playlist-mark.ts';
import { Progress, type Cure } from './progress.ts';

const tickMs = 250;
const lookMs = 1000;
const absentMs = 500;
const unknownLimitMs = 4000;
// autoplay was refused or lost with a player
const playAgainMs = 3000;
// the playlist has grown without hls.js seeing it
const deafMs = 3000;
// so close to the end of what is known, the edge was being watched
const nearSeconds = 3;
// so far behind where hls.js wants to be, for so long, with all of it there: the edge is not followed any more
const lagSeconds = 1.5;
const lagMs = 2000;
const nothing: PlaylistMark = { segments: 0, parts: 0, listed: 0, ended: false };

/**
 * A live, kept playing through publisher restarts and server restarts. hls.js does the playing; this looks at the playlist
 * itself whenever nothing plays, so that coming back never hangs on one library's retries.
 */
export class LiveLink implements Link {
  readonly #options: LinkOptions;
  readonly #Hls: typeof HlsClass;
  readonly #stop = new AbortController();
  #hls: HlsClass | null = null;
  #said: LiveState;
  #playlist: Look['kind'] | 'unknown' = 'unknown';
  #picture: Picture = 'loading';
  #firstSeen: PlaylistMark | null = null;
  #found: Found | null = null;
  #played: PlaylistMark | null = null;
  #grownAt = 0;
  #deafSince: number | null = null;
  #shown = false;
  #broken = false;
  // the picture was away for one who watched the edge: what comes next is played from the edge, or the new broadcast's beginning
  #resuming = false;
  #leftAt: PlaylistMark | null = null;
  #wanted = true;
  #following = true;
  #laggingSince: number | null = null;
  readonly #progress = new Progress();
  readonly #holes: HoleCrossing;
  #triedAt = 0;

  constructor(Hls: typeof HlsClass, options: LinkOptions, said: LiveState) {
    this.#Hls = Hls;
    this.#options = options;
    this.#holes = new HoleCrossing(options.video);
    this.#said = said;
  }

  start(): void {
    const { video } = this.#options;
    const { signal } = this.#stop;
    video.addEventListener('pause', () => (this.#wanted = this.#following = false), { signal });
    video.addEventListener('play', () => (this.#wanted = true), { signal });
    video.addEventListener('loadeddata', () => (this.#shown = true), { signal });
    const timer = setInterval(() => this.#tick(), tickMs);
    signal.addEventListener('abort', () => clearInterval(timer));
    void this.#keepLooking();
  }

  close(): void {
    this.#stop.abort();
    this.#shut();
  }

  say(state: LiveState): void {
    this.#said = state;
  }

  leaveLive(): void {
    this.#following = false;
  }

  goLive(): void {
    this.#following = true;
    const edge = this.#hls?.liveSyncPosition;
    if (typeof edge === 'number') this.#options.video.currentTime = edge;
  }

  /** The player itself, for measurements. */
  get hls(): HlsClass | null {
    return this.#hls;
  }

  async #keepLooking(): Promise<void> {
    const { signal } = this.#stop;
    let failures = 0;
    while (!signal.aborted) {
      const idle = this.#hls !== null && !this.#broken && this.#picture !== 'offline' && this.#picture !== 'reconnecting';
      if (idle || document.hidden) {
        await pause(tickMs, signal, true);
        continue;
      }
      const began = performance.now();
      const look = await this.#look();
      if (signal.aborted) return;
      failures = look.kind === 'unreachable' ? failures + 1 : 0;
      this.#seen(look);
      await pause(this.#rest(look, performance.now() - began, failures), signal, true);
    }
  }

  // How long to wait after a look.
  #rest(look: Look, tookMs: number, failures: number): number {
    if (look.kind === 'absent') return absentMs;
    if (look.kind !== 'present') return failures < 10 ? lookMs : lookMs * 3;
    // the server holds its answer until there is more: that is waiting enough; the same for a first segment that is being made
    return tookMs > lookMs || look.mark.listed === 0 ? absentMs / 5 : lookMs;
  }

  async #look(): Promise<Look> {
    const { url, token, renewToken } = this.#options;
    const { signal } = this.#stop;
    const bearer = token();
    let look = await (this.#found === null ? lookAt(url, bearer, signal) : lookBeyond(this.#found, bearer, signal));
    if (look.kind === 'forbidden' && bearer !== null) {
      await renewToken().catch(() => undefined);
      look = await lookAt(url, token(), signal);
    }
    this.#found = look.kind === 'present' ? look : null;
    return look;
  }

  #seen(look: Look): void {
    this.#playlist = look.kind;
    if (look.kind === 'absent') this.#firstSeen = nothing;
    if (look.kind !== 'present') return;
    this.#firstSeen ??= look.mark;
    if (this.#hls === null) {
      // an old playlist is not opened: it would play the end of the last broadcast
      const stale = this.#said !== 'on-air' && !isAfter(look.mark, this.#firstSeen);
      if (stale) this.#resuming = true;
      // hls.js refuses a playlist that has only parts yet
      else if (look.mark.listed > 0) this.#open();
    } else if (this.#broken) {
      this.#broken = false;
      this.#hls.startLoad();
    } else if (this.#played === null || isAfter(look.mark, this.#played)) {
      // hls.js asks less and less often while nothing comes
      if (this.#deafSince === null) this.#hls.startLoad();
      this.#deafSince ??= performance.now();
      if (performance.now() - this.#deafSince > deafMs) this.#reopen();
    } else {
      this.#deafSince = null;
    }
  }

  #open(): void {
    const { video, url, token } = this.#options;
    const { Events, ErrorTypes, ErrorDetails } = this.#Hls;
    const hls = new this.#Hls(hlsSettings(true, token));
    this.#hls = hls;
    this.#shown = false;
    this.#broken = false;
    this.#played = null;
    this.#deafSince = null;
    this.#leftAt = null;
    this.#grownAt = performance.now();
    this.#progress.start(this.#grownAt);
    hls.on(Events.LEVEL_UPDATED, (_, { details }) => this.#grew(details));
    hls.on(Events.FRAG_BUFFERED, () => this.#resume());
    // a playlist that does not follow from the one before: the time line starts again
    const parsing: string[] = [ErrorDetails.MANIFEST_PARSING_ERROR, ErrorDetails.LEVEL_PARSING_ERROR];
    hls.on(Events.ERROR, (_, error) => {
      if (!error.fatal) return;
      if (error.type === ErrorTypes.MEDIA_ERROR) this.#cure(this.#progress.break(performance.now()));
      else if (error.type !== ErrorTypes.NETWORK_ERROR || parsing.includes(error.details)) this.#reopen();
      else if (hls.levels.length === 0) this.#shut();
      else this.#broken = true;
    });
    hls.loadSource(url);
    hls.attachMedia(video);
    if (this.#wanted) this.#play();
  }

  #shut(): void {
    this.#hls?.destroy();
    this.#hls = null;
  }

  // The next look opens a new player, if there is more than this one has played: never more often than looks are taken.
  #reopen(): void {
    this.#shut();
    this.#resuming = true;
    this.#firstSeen = this.#played ?? nothing;
  }

  #play(): void {
    this.#options.video.play().catch(() => undefined);
  }

  #grew(details: LevelDetails): void {
    const parts = details.lastPartSn > details.endSN ? details.lastPartIndex + 1 : 0;
    const mark = { segments: details.endSN + 1, parts, listed: details.fragments.length, ended: !details.live };
    if (this.#played !== null && !isAfter(mark, this.#played)) return;
    this.#played = mark;
    this.#deafSince = null;
    this.#grownAt = performance.now();
    this.#playlist = 'present';
  }

  // The first media after an outage: leave what is left of the last broadcast, begin at the new one's start.
  #resume(): void {
    const details = this.#hls?.latestLevelDetails;
    if (!this.#resuming || !details) return;
    // the last of what was there before may come once more
    if (this.#leftAt !== null && (this.#played === null || !isAfter(this.#played, this.#leftAt))) return;
    const { video } = this.#options;
    const first = details.fragments.find((fragment) => fragment.cc === details.endCC) ?? details.fragmentHint;
    if (!first || video.readyState === 0) return;
    this.#resuming = false;
    this.#following = true;
    this.#progress.start(performance.now());
    // the stalls of an outage say nothing about the network: hls.js would keep further from the edge for them
    if (this.#hls) this.#hls.targetLatency = details.partHoldBack || details.holdBack || details.targetduration * 3;
    const target = Math.max(first.start + 0.05, this.#hls?.liveSyncPosition ?? 0);
    if (video.currentTime < first.start || target - video.currentTime > 1) video.currentTime = target;
    if (this.#wanted) this.#play();
  }

  // hls.js catches up when it is little behind; further behind it takes the reader for one who went back.
  #follow(now: number): void {
    const { video } = this.#options;
    const behind = (this.#hls?.latency ?? 0) - (this.#hls?.targetLatency ?? 0);
    const lagging = this.#following && behind > lagSeconds && bufferedAhead(video) > behind;
    this.#laggingSince = lagging ? (this.#laggingSince ?? now) : null;
    if (this.#laggingSince === null || now - this.#laggingSince < lagMs) return;
    this.#laggingSince = null;
    this.goLive();
  }

  #cure(cure: Cure): void {
    if (cure === 'seek') this.goLive();
    else if (cure === 'recover') this.#hls?.recoverMediaError();
    else if (cure === 'reopen') this.#reopen();
    if (cure !== 'none' && this.#wanted) this.#play();
  }

  #tick(): void {
    const { video, onView } = this.#options;
    const now = performance.now();
    const details = this.#hls?.latestLevelDetails ?? null;
    this.#holes.look();
    const limit = details
      ? growthLimit(details.levelTargetDuration, details.partList ? details.partTarget : null)
      : unknownLimitMs;
    const growing = now - this.#grownAt < limit;
    const before = this.#picture;
    this.#picture = pictureOfLive({
      said: this.#said,
      playlist: this.#playlist,
      open: this.#hls !== null,
      shown: this.#shown,
      sinceGrowthMs: now - this.#grownAt,
      growthLimitMs: limit,
      aheadSeconds: bufferedAhead(video),
    });
    const away = this.#picture === 'offline' || this.#picture === 'reconnecting';
    // one who was further back in the window goes on from there
    if (away && before === 'playing' && details && details.edge - video.currentTime < nearSeconds) {
      this.#resuming = true;
      this.#leftAt = this.#played;
    }
    const noFrames = document.hidden || video.videoWidth === 0;
    const cure = this.#progress.see({
      nowMs: now,
      position: video.currentTime,
      frames: noFrames ? null : video.getVideoPlaybackQuality().totalVideoFrames,
      seeking: video.seeking,
      expected: growing && this.#hls !== null && !video.paused,
    });
    this.#cure(cure);
    this.#follow(now);
    if (this.#wanted && video.paused && this.#hls !== null && now - this.#triedAt > playAgainMs) {
      this.#triedAt = now;
      this.#play();
    }
    onView({
      picture: this.#picture,
      start: details?.fragmentStart ?? 0,
      end: details?.edge ?? 0,
      edge: this.#hls?.liveSyncPosition ?? null,
      latencySeconds: details ? (this.#hls?.latency ?? null) : null,
    });
  }
}
