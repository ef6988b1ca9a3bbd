import type HlsClass from 'hls.js';
import { hlsSettings } from './hls-settings.ts';
import { bufferedAhead, HoleCrossing, pause, type Link, type LinkOptions } from './link.ts';
import type { Picture } from './picture.ts';

/** A replay, kept playing through server restarts and lost networks. */
export class ReplayLink implements Link {
  readonly #options: LinkOptions;
  readonly #Hls: typeof HlsClass;
  readonly #stop = new AbortController();
  #hls: HlsClass | null = null;
  #trouble: Picture | null = null;
  readonly #holes: HoleCrossing;
  #failures = 0;
  #wanted: boolean;

  constructor(Hls: typeof HlsClass, options: LinkOptions) {
    this.#Hls = Hls;
    this.#options = options;
    this.#holes = new HoleCrossing(options.video);
    this.#wanted = options.autoplay;
  }

  start(): void {
    const { signal } = this.#stop;
    this.#options.video.addEventListener('play', () => (this.#wanted = true), { signal });
    this.#options.video.addEventListener('pause', () => (this.#wanted = false), { signal });
    const timer = setInterval(() => this.#tick(), 250);
    signal.addEventListener('abort', () => clearInterval(timer));
    this.#open(-1);
  }

  close(): void {
    this.#stop.abort();
    this.#hls?.destroy();
    this.#hls = null;
  }

  say(): void {}

  goLive(): void {}

  leaveLive(): void {}

  /** The player itself, for measurements. */
  get hls(): HlsClass | null {
    return this.#hls;
  }

  #open(position: number): void {
    const { video, url, token } = this.#options;
    const { Events, ErrorTypes } = this.#Hls;
    this.#hls?.destroy();
    const hls = new this.#Hls({ ...hlsSettings(false, token), startPosition: position });
    this.#hls = hls;
    hls.on(Events.FRAG_BUFFERED, () => {
      this.#trouble = null;
      this.#failures = 0;
    });
    hls.on(Events.ERROR, (_, error) => {
      if (!error.fatal) return;
      if (error.type === ErrorTypes.MEDIA_ERROR && this.#failures < 2) {
        this.#failures += 1;
        hls.recoverMediaError();
        if (this.#wanted) video.play().catch(() => undefined);
      } else void this.#retry(hls, error.response?.code ?? 0);
    });
    hls.loadSource(url);
    hls.attachMedia(video);
    if (this.#wanted) video.play().catch(() => undefined);
  }

  async #retry(hls: HlsClass, status: number): Promise<void> {
    const { video, token, renewToken } = this.#options;
    const refused = status === 401 || status === 403;
    this.#trouble = refused ? 'forbidden' : status === 404 ? 'missing' : 'reconnecting';
    if (refused && token() !== null) await renewToken().catch(() => undefined);
    this.#failures += 1;
    await pause(Math.min(1000 * this.#failures, 10_000), this.#stop.signal, true);
    if (this.#stop.signal.aborted || this.#hls !== hls) return;
    if (hls.levels.length > 0 && this.#failures < 4) hls.startLoad();
    else this.#open(video.currentTime > 0 ? video.currentTime : -1);
  }

  #tick(): void {
    const { video, onView } = this.#options;
    this.#holes.look();
    const end = this.#hls?.latestLevelDetails?.edge ?? (Number.isFinite(video.duration) ? video.duration : 0);
    const dry = bufferedAhead(video) < 0.4 && !video.ended;
    const picture = this.#trouble !== null && dry ? this.#trouble : video.readyState < 2 && !video.ended ? 'loading' : 'playing';
    onView({ picture, start: 0, end, edge: null, latencySeconds: null });
  }
}
