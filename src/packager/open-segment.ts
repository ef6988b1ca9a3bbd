import { MEDIA_TIMESCALE } from '../media/track.ts';

/** A keyframe this much before the shortest segment is over still ends it, and one this much behind the longest: GOPs are not exact to the tick. */
const TOLERANCE_TICKS = 0.1 * MEDIA_TIMESCALE;
/** More than this ends a segment whatever its duration: clocks may stand still. */
const LIMIT_BYTES = 256 * 1024 * 1024;

/** The segment that is being written, and where it ends: at keyframes, as the encoder's GOP has it, between a shortest and a longest duration. */
export class OpenSegment {
  readonly #minTicks: number;
  readonly #maxTicks: number;
  /** Where it begins. */
  time = -1;
  /** Its parts that are out, and the video frames in them. */
  parts = 0;
  frames = 0;
  #bytes = 0;
  #independent = false;

  constructor(minTicks: number, maxTicks: number) {
    this.#minTicks = minTicks;
    this.#maxTicks = maxTicks;
  }

  /** One more part of it is out. */
  add(independent: boolean, bytes: number, frames: number): void {
    if (this.parts === 0) this.#independent = independent;
    this.parts += 1;
    this.frames += frames;
    this.#bytes += bytes;
  }

  /** It is out whole: another begins. */
  clear(): void {
    this.parts = this.frames = this.#bytes = 0;
  }

  /** Whether it ends where a frame begins that will last `interval`. `partIndependent`: of the part that is being built. */
  endsBefore(time: number, interval: number, keyframe: boolean, partIndependent: boolean): boolean {
    const duration = time - this.time;
    const independent = this.parts > 0 ? this.#independent : partIndependent;
    // One that began without a keyframe ends at the first there is: players can begin behind it.
    if (keyframe && (!independent || duration >= this.#minTicks - TOLERANCE_TICKS)) return true;
    return duration + interval > this.#maxTicks + TOLERANCE_TICKS || this.#bytes > LIMIT_BYTES;
  }
}
