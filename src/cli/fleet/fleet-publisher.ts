import { supervise } from '../supervise.ts';
import type { SuperviseEvent } from '../supervise.ts';
import type { EncodedMedia } from './encoded-media.ts';
import { LoopedSource } from './looped-source.ts';
import type { FleetEnd, FleetEvent, FleetMember } from './messages.ts';
import type { TimerWheel } from './timer-wheel.ts';

const BACK_OFF = { firstMs: 200, longestMs: 2000 };

/** Now, in ms since 1970, with fractions. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** One publisher of a fleet, over all its connections, from when it connects until it is stopped. */
export class FleetPublisher {
  /** Resolves when it is over for good. */
  readonly done: Promise<unknown>;
  readonly #id: number;
  readonly #source: LoopedSource;
  readonly #tell: (event: FleetEvent) => void;
  readonly #bye = new AbortController();
  readonly #crash = new AbortController();
  #askedAtMs = 0;
  #acceptedAtMs: number | null = null;
  #endingAtMs = 0;
  #end: FleetEnd | 'lost' = 'lost';

  /** Connects at once. */
  constructor(
    { id, url }: FleetMember,
    reconnect: boolean,
    media: EncodedMedia,
    wheel: TimerWheel,
    tell: (event: FleetEvent) => void,
  ) {
    this.#id = id;
    this.#tell = tell;
    this.#source = new LoopedSource(media, wheel);
    this.done = supervise({
      url,
      source: this.#source,
      signal: this.#bye.signal,
      crash: this.#crash.signal,
      onEvent: (event) => this.#event(event),
      mayRetry: () => reconnect,
      backOff: BACK_OFF,
    });
  }

  get onAir(): boolean {
    return this.#acceptedAtMs !== null;
  }

  async stop(how: FleetEnd): Promise<void> {
    if (this.#end === 'lost') {
      this.#end = how;
      this.#endingAtMs = now();
    }
    (how === 'clean' ? this.#bye : this.#crash).abort();
    await this.done;
  }

  #event(event: SuperviseEvent): void {
    const id = this.#id;
    if (event.kind === 'connecting') {
      this.#askedAtMs = now();
    } else if (event.kind === 'published') {
      this.#acceptedAtMs = now();
      this.#tell({ kind: 'accepted', id, askedAtMs: this.#askedAtMs, acceptedAtMs: this.#acceptedAtMs });
    } else if (event.kind === 'refused') {
      this.#tell({ kind: 'refused', id, atMs: now(), code: event.code, description: event.description });
    } else if (event.kind === 'disconnected') this.#closed(event.reason);
  }

  #closed(reason: string): void {
    const endedAtMs = now();
    const acceptedAtMs = this.#acceptedAtMs;
    this.#acceptedAtMs = null;
    this.#tell({
      kind: 'closed',
      id: this.#id,
      askedAtMs: this.#askedAtMs,
      acceptedAtMs,
      endingAtMs: this.#end === 'lost' ? endedAtMs : this.#endingAtMs,
      endedAtMs,
      end: this.#end,
      reason,
      frames: acceptedAtMs === null ? 0 : this.#source.frames,
      untilMs: acceptedAtMs === null ? -1 : this.#source.untilMs,
    });
  }
}
