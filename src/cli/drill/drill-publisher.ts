import type { FleetClosed, FleetEvent } from '../fleet.ts';
import { refusalCode } from '../refusal.ts';
import type { World } from './world.ts';

/** One connection that the server took and that is over, as its publisher knows it; times in ms since 1970. */
export interface Take {
  readonly askedAt: number;
  readonly publishedAt: number;
  /** Frames of the file, from its first on, that were given to the connection. */
  readonly frames: number;
  /** When the end was wanted, or seen, and when it was done. */
  readonly endingAt: number;
  readonly endedAt: number;
  /** `lost`: not by us. */
  readonly end: 'clean' | 'abrupt' | 'lost';
}

/** What is known of one synthetic publisher of the fleet, over all its connections. */
export class DrillPublisher {
  readonly takes: Take[] = [];
  readonly refusals: string[] = [];
  attempts = 0;
  accepted = 0;
  /** Connections that came to nothing without a word. */
  failed = 0;
  /** Connections that broke while the server was to be there. */
  dropped = 0;
  /** It is being taken right now. */
  onAir = false;
  readonly #world: World;
  #answered = Promise.withResolvers<void>();
  #refused = false;

  constructor(world: World) {
    this.#world = world;
  }

  /** From now on the answer to a new connection is awaited. */
  expectAnswer(): void {
    this.#answered = Promise.withResolvers();
  }

  /** Resolves when the connection that was begun is taken, refused or lost. */
  answered(): Promise<void> {
    return this.#answered.promise;
  }

  /** Takes what the fleet tells. */
  event(event: FleetEvent): void {
    if (event.kind === 'accepted') {
      this.onAir = true;
      this.accepted += 1;
    } else if (event.kind === 'refused') {
      this.#refused = true;
      this.refusals.push(refusalCode(event) ?? `${event.code}: ${event.description}`);
    } else this.#closed(event);
    this.#answered.resolve();
  }

  #closed({ askedAtMs, acceptedAtMs, frames, endingAtMs, endedAtMs, end, reason }: FleetClosed): void {
    const refused = this.#refused;
    this.#refused = false;
    this.onAir = false;
    if (!this.#world.wasDown(askedAtMs, askedAtMs)) this.attempts += 1;
    if (acceptedAtMs !== null) {
      this.takes.push({
        askedAt: askedAtMs,
        publishedAt: acceptedAtMs,
        frames,
        endingAt: endingAtMs,
        endedAt: endedAtMs,
        end,
      });
    }
    if (refused) return;
    if (acceptedAtMs === null) {
      // Also when it was we who gave up waiting.
      if (this.#world.wasDown(askedAtMs, endedAtMs)) return;
      this.failed += 1;
      this.#world.fault('a publisher got no answer', reason);
    } else if (end === 'lost' && !this.#world.wasDown(endingAtMs, endedAtMs)) {
      this.dropped += 1;
      this.#world.fault('a publisher was dropped', reason);
    }
  }
}
