import { MEDIA_TIMESCALE } from '../media/track.ts';

const STEP_TICKS = MEDIA_TIMESCALE / 100;
/** Timestamps of RTMP are whole milliseconds: a part of n frames may be this much longer than n intervals, and each measured interval half of one. */
const JITTER_TICKS = 2 * (MEDIA_TIMESCALE / 1000);
const ROUNDING_TICKS = 0.5 * (MEDIA_TIMESCALE / 1000);
/** What is taken for the time between frames before two have come. */
const DEFAULT_INTERVAL_TICKS = MEDIA_TIMESCALE / 25;
/** A target this near to the one in use is not worth a change: 10 %. */
const SAME_TARGET = 0.1;

/** How fast frames follow one another, and how long parts of them are therefore. */
export class FramePace {
  readonly #wantedTicks: number;
  /** Usual time between two frames, in ticks. */
  interval = DEFAULT_INTERVAL_TICKS;
  /** Part Target Duration in ticks; 0 while it is not known. */
  partTicks = 0;

  constructor(wantedPartTicks: number) {
    this.#wantedTicks = wantedPartTicks;
  }

  /** Another configuration: the frames that come may follow another pace. */
  reset(): void {
    this.partTicks = 0;
  }

  /** The first two frames are so far apart; later ones change nothing. */
  start(interval: number, frameRate: number | null): void {
    if (this.partTicks > 0) return;
    this.interval = usualInterval(interval, frameRate);
    this.partTicks = partTargetTicks(this.#wantedTicks, this.interval);
  }

  /** A segment had so many frames: what its first two told is set right, should they have been unlike the others. */
  measure(duration: number, frames: number, frameRate: number | null): void {
    if (frames < 2) return;
    const interval = usualInterval(duration / frames, frameRate);
    const target = partTargetTicks(this.#wantedTicks, interval);
    if (Math.abs(target - this.partTicks) <= SAME_TARGET * this.partTicks) return;
    this.interval = interval;
    this.partTicks = target;
  }
}

/** The measured interval, or what the parameter sets tell when that is near it. */
function usualInterval(measured: number, frameRate: number | null): number {
  const told = frameRate !== null && frameRate > 0 ? MEDIA_TIMESCALE / frameRate : 0;
  return told > measured / 2 && told < measured * 2 ? told : measured;
}

/**
 * The Part Target Duration for a stream, in ticks: as many whole frames as come nearest to the wanted duration, so that each part is
 * at least 85 % of the target and none is longer (draft-pantos-hls-rfc8216bis, EXT-X-PART-INF). Rounded up to 10 ms.
 */
export function partTargetTicks(wantedTicks: number, interval: number): number {
  const frames = Math.max(1, Math.round(wantedTicks / interval));
  return Math.ceil((frames * (interval + ROUNDING_TICKS) + JITTER_TICKS) / STEP_TICKS) * STEP_TICKS;
}
