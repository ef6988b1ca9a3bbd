import { MEDIA_TIMESCALE } from '../media/track.ts';

const TICKS_PER_MS = MEDIA_TIMESCALE / 1000;
/** A dts this far behind its track's last one is a clock set back, not jitter: 0.5 s. */
export const BACKWARD_JUMP_TICKS = 0.5 * MEDIA_TIMESCALE;
/** A dts this far ahead of both tracks is a hole or a clock set forward: 3 s. One track alone may stand still for longer. */
export const FORWARD_JUMP_TICKS = 3 * MEDIA_TIMESCALE;
/** A frame this near to the last of its track goes on with it: 0.5 s. */
const CONTINUES_TICKS = 0.5 * MEDIA_TIMESCALE;

/** How far the publisher's clock may be from the wall clock before EXT-X-PROGRAM-DATE-TIME follows: 1 s. */
const WALL_CLOCK_TOLERANCE_MS = 1000;

type Track = 'video' | 'audio';

/** What a track follows. */
class TrackClock {
  /** What is added to a dts; null: it has none yet. */
  offset: number | null = null;
  /** Its newest time. */
  last = -1;
}

/** A clock between two connections, as it can be sent to another thread. */
export interface ClockSnapshot {
  readonly lastVideo: number;
  readonly lastAudio: number;
  readonly wallAtZeroMs: number | null;
  readonly skewMs: number;
  readonly frameTicks: number;
}

/**
 * Maps the publisher's clock to the session's timeline, which begins at 0 and never goes back: over reconnects it goes on at the
 * time that really passed, and a publisher's clock that jumps is carried on from where it was. Both tracks share one mapping, so that they
 * stay in step; after a jump each track keeps its own until its frames have jumped too.
 */
export class SessionClock {
  /** What is added to a dts by the newest mapping. */
  #offset: number | null = null;
  readonly #video = new TrackClock();
  readonly #audio = new TrackClock();
  /** Wall clock, in ms of the epoch, of timeline 0; null until the first frame. */
  #wallAtZeroMs: number | null = null;
  #skewMs = 0;
  /** What a frame of video lasts, or 0 while nobody has told. */
  #frameTicks = 0;
  /** What the newest call of map found: the frame is behind a jump, so a discontinuity stands before it. */
  jumped = false;

  /** `resume`: the timeline of a session that is taken up again: where it ended, and the wall clock of its 0. */
  constructor(resume: { readonly endTicks: number; readonly wallAtZeroMs: number } | null = null) {
    if (resume === null) return;
    this.#wallAtZeroMs = resume.wallAtZeroMs;
    this.#video.last = this.#audio.last = resume.endTicks;
  }

  /** Where the timeline stands; what maps the publisher's clock to it is left out. */
  snapshot(): ClockSnapshot {
    return {
      lastVideo: this.#video.last,
      lastAudio: this.#audio.last,
      wallAtZeroMs: this.#wallAtZeroMs,
      skewMs: this.#skewMs,
      frameTicks: this.#frameTicks,
    };
  }

  /** Goes on where the snapshot was taken, with another connection. */
  restore({ lastVideo, lastAudio, wallAtZeroMs, skewMs, frameTicks }: ClockSnapshot): void {
    this.reanchor();
    this.#video.last = lastVideo;
    this.#audio.last = lastAudio;
    this.#wallAtZeroMs = wallAtZeroMs;
    this.#skewMs = skewMs;
    this.#frameTicks = frameTicks;
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

  /** The rate the encoder tells, frames a second: what follows on a gap keeps to the grid of the frames before it. */
  setFrameRate(frameRate: number | null): void {
    this.#frameTicks = frameRate === null || frameRate <= 0 ? 0 : MEDIA_TIMESCALE / frameRate;
  }

  /** Another connection goes on with the session: its first frame sets the mapping anew. */
  reanchor(): void {
    this.#offset = this.#video.offset = this.#audio.offset = null;
  }

  /** Timeline ticks of a frame with the publisher's `dts` that arrives `now`, ms of the epoch; sets `jumped`. */
  map(track: Track, dts: number, now: () => number): number {
    const own = track === 'video' ? this.#video : this.#audio;
    this.jumped = false;
    this.#wallAtZeroMs ??= now();
    this.#offset ??= this.#resumeAt(track, now()) - dts;
    let time = dts + this.#offset;
    if (own.offset !== null && own.offset !== this.#offset && Math.abs(dts + own.offset - own.last) < CONTINUES_TICKS) {
      // The other track has jumped and this one has not yet: its frame follows on the one before.
      time = dts + own.offset;
    } else {
      if (!this.#plausible(own.last, time)) {
        this.#offset = this.#resumeAt(track, now()) - dts;
        time = dts + this.#offset;
        this.jumped = true;
      }
      own.offset = this.#offset;
    }
    time = Math.max(time, own.last + 1, 0);
    own.last = time;
    return time;
  }

  #plausible(last: number, time: number): boolean {
    const newest = Math.max(this.#video.last, this.#audio.last);
    if (newest < 0) return true;
    // A track's first frame may come well behind the other's: it waited for that.
    const earliest = last < 0 ? newest - FORWARD_JUMP_TICKS : last - BACKWARD_JUMP_TICKS;
    return time > earliest && time < newest + FORWARD_JUMP_TICKS;
  }

  /**
   * Where the timeline goes on: at the time that passed, never before what has been given out, and whole frames behind the last picture (behind
   * the very first frame, where sound comes first): else players of a constant rate would see two frames in one place.
   */
  #resumeAt(track: Track, nowMs: number): number {
    const newest = Math.max(this.#video.last, this.#audio.last);
    if (newest < 0) return 0;
    const passed = Math.round((nowMs - (this.#wallAtZeroMs ?? nowMs)) * TICKS_PER_MS);
    const earliest = Math.max(passed, newest + TICKS_PER_MS * 20);
    if (this.#frameTicks === 0) return earliest;
    const grid = track === 'video' ? Math.max(this.#video.last, 0) : 0;
    return grid + Math.round(Math.ceil((earliest - grid) / this.#frameTicks) * this.#frameTicks);
  }
}
