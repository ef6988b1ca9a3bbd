import { FileSource } from '../file-source.ts';
import type { MediaOutput, MediaSource } from '../media-source.ts';
import { refusalCode } from '../refusal.ts';
import { supervise } from '../supervise.ts';
import type { SuperviseEvent } from '../supervise.ts';
import type { FlvFile } from '../../rtmp/flv-file.ts';
import type { World } from './world.ts';

/** One connection that the server took, as its publisher knows it; times are those of Date.now(). */
export interface Take {
  readonly askedAt: number;
  readonly publishedAt: number;
  /** Frames of the file, from its first on, that were given to the connection. */
  frames: number;
  /** When the end was wanted, or seen, and when it was done. */
  endingAt: number;
  endedAt: number;
  /** `lost`: not by us. */
  end: 'clean' | 'abrupt' | 'lost';
}

const BACK_OFF = { firstMs: 200, longestMs: 2000 };

/** A synthetic publisher of one live, over all its connections. */
export class DrillPublisher {
  readonly takes: Take[] = [];
  readonly refusals: string[] = [];
  attempts = 0;
  /** Connections that came to nothing without a word. */
  failed = 0;
  /** Connections that broke while the server was to be there. */
  dropped = 0;
  readonly #url: string;
  readonly #file: FlvFile;
  readonly #world: World;
  #run: { readonly bye: AbortController; readonly crash: AbortController; readonly done: Promise<unknown> } | null = null;
  #stopping = false;
  #take: Take | null = null;
  #answered = Promise.withResolvers<void>();

  constructor(url: string, file: FlvFile, world: World) {
    this.#url = url;
    this.#file = file;
    this.#world = world;
  }

  /** It is being taken right now. */
  get onAir(): boolean {
    return this.#take !== null;
  }

  /** Connects now; with `reconnect` it comes back until it is stopped. */
  start(reconnect: boolean): void {
    const bye = new AbortController();
    const crash = new AbortController();
    this.#stopping = false;
    this.#answered = Promise.withResolvers();
    const source = new FileSource(this.#file, {
      loop: true,
      onSent: (frames) => this.#take !== null && (this.#take.frames = frames),
    });
    const done = supervise({
      url: this.#url,
      source: { play: (output) => this.#play(source, output) },
      signal: bye.signal,
      crash: crash.signal,
      onEvent: (event) => this.#event(event),
      mayRetry: () => reconnect,
      backOff: BACK_OFF,
    });
    this.#run = { bye, crash, done };
  }

  /** Resolves when the connection that was started is taken, refused or lost. */
  answered(): Promise<void> {
    return this.#answered.promise;
  }

  /** Ends with a goodbye, or as a crash does; resolves when the connection is closed. */
  async stop(how: 'clean' | 'abrupt'): Promise<void> {
    const run = this.#run;
    if (run === null) return;
    this.#stopping = true;
    if (this.#take !== null) {
      this.#take.end = how;
      this.#take.endingAt = Date.now();
    }
    if (how === 'clean') run.bye.abort();
    else run.crash.abort();
    await run.done;
    this.#run = null;
  }

  #askedAt = 0;

  #play(source: MediaSource, output: MediaOutput): () => void {
    this.#take = { askedAt: this.#askedAt, publishedAt: Date.now(), frames: 0, endingAt: 0, endedAt: 0, end: 'lost' };
    this.takes.push(this.#take);
    return source.play(output);
  }

  #event(event: SuperviseEvent): void {
    if (event.kind === 'connecting') {
      this.#askedAt = Date.now();
      if (!this.#world.serverDown) this.attempts += 1;
    } else if (event.kind === 'refused') {
      this.refusals.push(refusalCode(event) ?? `${event.code}: ${event.description}`);
    } else if (event.kind === 'disconnected') this.#disconnected(event.reason);
    // Behind what #play does for it.
    if (event.kind === 'published' || event.kind === 'disconnected') setImmediate(this.#answered.resolve);
  }

  #disconnected(reason: string): void {
    const take = this.#take;
    this.#take = null;
    const isWanted = this.#stopping || this.#world.serverDown;
    if (take !== null) {
      take.endedAt = Date.now();
      if (take.endingAt === 0) take.endingAt = take.endedAt;
      if (!isWanted && reason !== 'refused') {
        this.dropped += 1;
        this.#world.fault('a publisher was dropped', reason);
      }
    } else if (!isWanted && reason !== 'refused') {
      this.failed += 1;
      this.#world.fault('a publisher found no server', reason);
    }
  }
}
