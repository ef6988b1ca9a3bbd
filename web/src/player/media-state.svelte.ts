const key = 'reprise.sound';

/** What a video element is doing, readable by the page; and the reader's choice of sound, remembered. */
export class MediaState {
  readonly video: HTMLVideoElement;
  paused = $state(true);
  ended = $state(false);
  stalled = $state(false);
  muted = $state(true);
  volume = $state(1);
  time = $state(0);
  #stalling: ReturnType<typeof setTimeout> | undefined;

  constructor(video: HTMLVideoElement) {
    this.video = video;
    const { sound, volume } = readChoice();
    // a browser may refuse to start with sound: then it starts without
    video.muted = !sound || navigator.userActivation?.hasBeenActive === false;
    video.volume = volume;
    this.#readSound();
  }

  /** Follows the element. Returns what stops it. */
  follow(): () => void {
    const { video } = this;
    const stop = new AbortController();
    const on = (names: string, call: () => void) => {
      for (const name of names.split(' ')) video.addEventListener(name, call, { signal: stop.signal });
    };
    on('play pause ended emptied', () => {
      this.paused = video.paused;
      this.ended = video.ended;
    });
    on('timeupdate seeking seeked', () => {
      this.time = video.currentTime;
      this.ended = video.ended;
    });
    on('waiting', () => {
      clearTimeout(this.#stalling);
      this.#stalling = setTimeout(() => (this.stalled = true), 400);
    });
    on('playing canplay pause', () => {
      clearTimeout(this.#stalling);
      this.stalled = false;
    });
    on('volumechange', () => this.#readSound());
    return () => {
      clearTimeout(this.#stalling);
      stop.abort();
    };
  }

  toggle(): void {
    if (this.video.paused) this.video.play().catch(() => undefined);
    else this.video.pause();
  }

  setMuted(muted: boolean): void {
    this.video.muted = muted;
    if (!muted && this.video.volume === 0) this.video.volume = 0.5;
    this.#remember();
  }

  setVolume(volume: number): void {
    this.video.volume = Math.min(1, Math.max(0, volume));
    this.video.muted = this.video.volume === 0;
    this.#remember();
  }

  #readSound(): void {
    this.muted = this.video.muted;
    this.volume = this.video.volume;
  }

  #remember(): void {
    localStorage.setItem(key, JSON.stringify({ sound: !this.video.muted, volume: this.video.volume || 0.5 }));
  }
}

function readChoice(): { sound: boolean; volume: number } {
  try {
    const { sound, volume } = JSON.parse(localStorage.getItem(key) ?? '{}') as { sound?: unknown; volume?: unknown };
    return { sound: sound === true, volume: typeof volume === 'number' && volume >= 0 && volume <= 1 ? volume : 1 };
  } catch {
    return { sound: false, volume: 1 };
  }
}
