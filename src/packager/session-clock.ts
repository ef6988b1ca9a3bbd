import { MEDIA_TIMESCALE } from '../media/track.ts';

const TICKS_PER_MS = MEDIA_TIMESCALE / 1000;
/** A dts this far behind its track's last one is a clock set back, not jitter between tracks: 0.5 s. */
export const BACKWARD_JUMP_TICKS = 0.5 * MEDIA_TIMESCALE;
/** A dts this far ahead is a hole or a clock set forward: 3 s. */
export const FORWARD_JUMP_TICKS = 3 * MEDIA_TIMESCALE;

/** How far the publisher's clock may be from the wall clock before EXT-X-PROGRAM-DATE-TIME follows: 1 s. */
const WALL_CLOCK_TOLERANCE_MS = 1000;

type Track = 'video' | 'audio';

/**
 * Maps the publisher's clock to the session's timeline, which begins at 0 and never goes back: over reconnects it goes on at the
 * time that really passed, and a publisher's clock that jumps is carried on from where it was. Both tracks share one mapping, so that they stay in
 * step; the mapping before a jump is kept for the frames of the track that has not jumped yet.
 */
export class SessionClock {
  #offset: number | null = null;
  #previousOffset: number | null = null;
  readonly #last = { video: -1, audio: -1 };
  /** Wall clock, in ms of the epoch, of timeline 0; null until the first frame. */
  #wallAtZeroMs: number | null = null;
  #skewMs = 0;
  /** What the newest call of map found: the frame is behind a jump, so a discontinuity stands before it. */
  jumped = false;

  /** `resume`: the timeline of a session that is taken up again: where it ended, and the wall clock of its 0. */
  constructor(resume: { readonly endTicks: number; readonly wallAtZeroMs: number } | null = null) {
    if (resume === null) return;
    this.#wallAtZeroMs = resume.wallAtZeroMs;
    this.#last.video = this.#last.audio = resume.endTicks;
  }

  /** Wall clock of a place on the timeline, ms of the epoch: steady, so that it grows by exactly the durations between. */
  wallClock(time: number): number {
    return Math.round((this.#wallAtZeroMs ?? 0) + this.#skewMs + time / TICKS_PER_MS);
  }

  /** Sets the wall clock right when the publisher's clock has run away from ours by more than a second; at a segment's start. */
  correctWallClock(time: number, nowMs: number): void {
    const off = nowMs - this.wallClock(time);
    if (Math.abs(off) > WALL_CLOCK_TOLERANCE_MS) this.#skewMs += off;
  }

  /** Another connection goes on with the session: its first frame sets the mapping anew. */
  reanchor(): void {
    this.#offset = null;
    this.#previousOffset = null;
  }

  /** Timeline ticks of a frame with the publisher's `dts` that arrived at `nowMs`; sets `jumped`. */
  map(track: Track, dts: number, nowMs: number): number {
    this.jumped = false;
    this.#wallAtZeroMs ??= nowMs;
    if (this.#offset === null) this.#offset = this.#resumeAt(nowMs) - dts;
    let time = dts + this.#offset;
    if (!this.#plausible(track, time)) {
      const before = this.#previousOffset === null ? null : dts + this.#previousOffset;
      if (before !== null && this.#plausible(track, before)) {
        time = before;
      } else {
        this.#previousOffset = this.#offset;
        this.#offset = this.#resumeAt(nowMs) - dts;
        time = dts + this.#offset;
        this.jumped = true;
      }
    }
    time = Math.max(time, this.#last[track] + 1, 0);
    this.#last[track] = time;
    return time;
  }

  #plausible(track: Track, time: number): boolean {
    const last = this.#last[track];
    if (last < 0) return true;
    return time > last - BACKWARD_JUMP_TICKS && time < last + FORWARD_JUMP_TICKS;
  }

  /** Where the timeline goes on: at the time that passed, and never before what has been given out. */
  #resumeAt(nowMs: number): number {
    const newest = Math.max(this.#last.video, this.#last.audio);
    if (newest < 0) return 0;
    return Math.max(Math.round((nowMs - (this.#wallAtZeroMs ?? nowMs)) * TICKS_PER_MS), newest + TICKS_PER_MS * 20);
  }
}
