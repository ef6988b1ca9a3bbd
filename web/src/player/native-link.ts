import { bufferedAhead, pause, type Link, type LinkOptions } from './link.ts';
import { lookAt } from './look.ts';
import type { LiveState, Picture } from './picture.ts';
import { isAfter, type PlaylistMark } from './playlist-mark.ts';

/** The browser's own HLS, where hls.js cannot run (iPhones before iOS 17.1): opened again whenever the playlist goes on without it. */
export class NativeLink implements Link {
  readonly #options: LinkOptions;
  readonly #stop = new AbortController();
  #said: LiveState | null;
  #picture: Picture = 'loading';
  #opened = false;
  #mark: PlaylistMark | null = null;

  constructor(options: LinkOptions, said: LiveState | null) {
    this.#options = options;
    this.#said = said;
  }

  start(): void {
    const timer = setInterval(() => this.#tick(), 250);
    this.#stop.signal.addEventListener('abort', () => clearInterval(timer));
    this.#options.video.addEventListener('error', () => (this.#opened = false), { signal: this.#stop.signal });
    if (this.#said === null) this.#open();
    else void this.#keepLooking();
  }

  close(): void {
    this.#stop.abort();
    this.#options.video.removeAttribute('src');
    this.#options.video.load();
  }

  say(state: LiveState): void {
    this.#said = state;
  }

  goLive(): void {
    const { seekable } = this.#options.video;
    if (seekable.length > 0) this.#options.video.currentTime = seekable.end(seekable.length - 1);
  }

  leaveLive(): void {}

  #open(): void {
    const { video, url, autoplay } = this.#options;
    this.#opened = true;
    video.src = url;
    if (autoplay || this.#said !== null) video.play().catch(() => undefined);
  }

  async #keepLooking(): Promise<void> {
    const { signal } = this.#stop;
    const { video, url, token } = this.#options;
    while (!signal.aborted) {
      if (!this.#opened || (bufferedAhead(video) < 0.4 && !video.paused)) {
        const look = await lookAt(url, token(), signal);
        if (signal.aborted) return;
        const growing = look.kind === 'present' && this.#mark !== null && isAfter(look.mark, this.#mark);
        if (look.kind === 'present') this.#mark = look.mark;
        if (look.kind === 'present' && !this.#opened && (growing || this.#said === 'on-air')) this.#open();
        else if (growing && video.ended) this.#open();
        this.#picture = growing
          ? 'playing'
          : ({ absent: 'waiting', present: 'offline', forbidden: 'forbidden', unreachable: 'reconnecting' }[
              look.kind
            ] as Picture);
        if (this.#said === 'ended') this.#picture = 'ended';
      } else this.#picture = 'playing';
      await pause(1000, signal, true);
    }
  }

  #tick(): void {
    const { video, onView } = this.#options;
    const { seekable } = video;
    const last = seekable.length - 1;
    const live = this.#said !== null;
    const end = last >= 0 ? seekable.end(last) : 0;
    const picture = live ? this.#picture : video.readyState < 2 ? 'loading' : 'playing';
    onView({ picture, start: last >= 0 ? seekable.start(0) : 0, end, edge: live ? end : null, latencySeconds: null });
  }
}
