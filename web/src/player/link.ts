import { leapOver, rangesOf } from './leap.ts';
import type { LiveState, Picture } from './picture.ts';

/** What a link needs. */
export interface LinkOptions {
  video: HTMLVideoElement;
  /** The multivariant playlist. */
  url: string;
  /** The bearer token for a video that is not public. */
  token: () => string | null;
  /** Whether a replay starts by itself. */
  autoplay: boolean;
  /** Gets a new token; the link tries again after. */
  renewToken: () => Promise<void>;
  onView: (view: LinkView) => void;
}

/** What a link knows of the time line, in the video element's seconds. */
export interface LinkView {
  picture: Picture;
  start: number;
  end: number;
  /** Where "live" plays, for a live. */
  edge: number | null;
  /** From the live edge to what is seen, as measured by the player. */
  latencySeconds: number | null;
}

/** Keeps a video element fed from a playlist, for ever, whatever becomes of the publisher, the server or the network. */
export interface Link {
  start(): void;
  close(): void;
  /** What the API says of the live. */
  say(state: LiveState): void;
  goLive(): void;
  /** The reader went back in the window: the edge is no longer followed. */
  leaveLive(): void;
}

/** Seconds buffered after the playhead, small holes ignored. */
export function bufferedAhead(video: HTMLVideoElement): number {
  const { buffered, currentTime } = video;
  for (let i = 0; i < buffered.length; i += 1) {
    if (buffered.start(i) <= currentTime + 0.3 && buffered.end(i) > currentTime) return buffered.end(i) - currentTime;
  }
  return 0;
}

/** Keeps the picture going over the small holes between broadcasts; call it some times a second. */
export class HoleCrossing {
  readonly #video: HTMLVideoElement;
  #before = 0;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
  }

  look(): void {
    const video = this.#video;
    const before = this.#before;
    this.#before = video.currentTime;
    if (video.paused || video.seeking) return;
    const target = leapOver(rangesOf(video.buffered), before, video.currentTime);
    if (target !== null) video.currentTime = target;
  }
}

/** Waits; ends early when the signal aborts or, if asked, when the page becomes visible. */
export function pause(ms: number, signal: AbortSignal, wakeWhenVisible = false): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      document.removeEventListener('visibilitychange', wake);
      resolve();
    };
    const wake = () => {
      if (wakeWhenVisible && !document.hidden) done();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    document.addEventListener('visibilitychange', wake);
    if (signal.aborted) done();
  });
}
