/** What is seen of a picture that should be moving. */
export interface Sight {
  nowMs: number;
  /** The element's position, in seconds. */
  position: number;
  /** Frames decoded so far; `null` when none are expected (hidden page, sound only). */
  frames: number | null;
  seeking: boolean;
  /** Media arrives and the reader wants it played. */
  expected: boolean;
}

/** What to do to a picture that stands still, from the mildest. */
export type Cure = 'none' | 'seek' | 'recover' | 'reopen';

const cures: readonly Cure[] = ['seek', 'recover', 'recover', 'reopen'];
const stillMs = 3000;
// sound going on without picture; slides may stand still for longer, so only after a start, when a decoder may have lost its way
const frozenMs = 2500;
const startMs = 8000;
// moving for this long, all is well again
const wellMs = 5000;

/** Watches over a picture's progress, and says when it needs help. */
export class Progress {
  #position = -1;
  #frames: number | null = null;
  #movedAt = 0;
  #drawnAt = 0;
  #startedAt = 0;
  #curedAt = 0;
  #step = 0;

  /** A player was opened, or a broadcast goes on after an outage. */
  start(nowMs: number): void {
    this.#movedAt = this.#drawnAt = this.#startedAt = nowMs;
  }

  /** Looks, some times a second. */
  see(sight: Sight): Cure {
    const { nowMs, position, frames } = sight;
    if (position !== this.#position || !sight.expected) this.#movedAt = nowMs;
    if (frames === null || frames !== this.#frames || !sight.expected) this.#drawnAt = nowMs;
    this.#position = position;
    this.#frames = frames;
    if (nowMs - this.#curedAt > wellMs && nowMs - this.#movedAt < 1000) this.#step = 0;
    const still = nowMs - this.#movedAt > (sight.seeking ? 2 * stillMs : stillMs);
    const frozen = nowMs - this.#startedAt < startMs && nowMs - this.#drawnAt > frozenMs;
    return still || frozen ? this.#fail(nowMs) : 'none';
  }

  /** The decoder gave up by itself: the next cure that is stronger than a seek. */
  break(nowMs: number): Cure {
    if (this.#step === 0) this.#step = 1;
    return this.#fail(nowMs);
  }

  #fail(nowMs: number): Cure {
    const cure = cures[this.#step] ?? 'reopen';
    this.#step = Math.min(this.#step + 1, cures.length - 1);
    this.#movedAt = this.#drawnAt = this.#curedAt = nowMs;
    return cure;
  }
}
