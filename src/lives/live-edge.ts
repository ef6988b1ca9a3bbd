import type { HeldBytes } from '../packager/block-pool.ts';
import { MediaTimeline } from '../packager/media-timeline.ts';
import type { Run, TimelineFlags, TimelineFollower, TimelinePart, TimelineStart } from '../packager/media-timeline.ts';
import { MEDIA_TIMESCALE } from '../media/track.ts';

/** How much of the newest media is kept in memory for players near the edge; older is read from the recording. */
const MEMORY_TICKS = 3 * MEDIA_TIMESCALE;
/** How much of media that the disk does not have (yet, or ever) is kept, in target durations: what players are told to stay behind the edge, and one more. */
const UNRECORDED_TARGETS = 4;
/** Never more than this, whatever durations tell: clocks may stand still. */
const MEMORY_LIMIT_BYTES = 64 * 1024 * 1024;

/** Init segments kept: players ask for one before the disk has it. */
const INITS_KEPT = 4;

/** A part in memory. Whoever uses its bytes over an await retains the block. */
export interface EdgePart {
  readonly sessionId: string;
  readonly volume: number;
  readonly start: number;
  readonly end: number;
  readonly duration: number;
  readonly block: HeldBytes;
  readonly bytes: Uint8Array;
}

/** The init segment of a volume, in memory. */
export interface EdgeInit {
  readonly sessionId: string;
  readonly volume: number;
  readonly bytes: Uint8Array;
}

/** Hears of everything that is done to an edge, in order: another edge that does the same is the same. Must not throw. */
export interface EdgeFollower extends TimelineFollower {
  keepInit(init: EdgeInit): void;
  add(part: EdgePart): void;
  /** The oldest parts have left the memory. */
  drop(count: number): void;
  changed(flags: TimelineFlags): void;
}

/** The live edge of one live: its playlist over all sessions, its newest parts in memory, and who waits for the next change. */
export class LiveEdge {
  readonly timeline: MediaTimeline;
  #parts: EdgePart[] = [];
  /** By part: it can be read from the recording. */
  #recorded: (() => boolean)[] = [];
  #ticks = 0;
  #inits: EdgeInit[] = [];
  #bytes = 0;
  readonly #listeners = new Set<() => void>();
  readonly #followers = new Set<EdgeFollower>();

  constructor(start: TimelineStart) {
    this.timeline = new MediaTimeline(start);
  }

  /** Media in memory: the newest of the timeline. */
  get ticks(): number {
    return this.#ticks;
  }

  /** Parts in memory, oldest first. */
  get parts(): readonly EdgePart[] {
    return this.#parts;
  }

  /** Init segments in memory, oldest first. */
  get inits(): readonly EdgeInit[] {
    return this.#inits;
  }

  /** Somebody waits for the next change. */
  get isWaitedFor(): boolean {
    return this.#listeners.size > 0;
  }

  /** Calls back after every change of the timeline, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells of everything from here on, until the returned function is called. */
  follow(follower: EdgeFollower): () => void {
    this.#followers.add(follower);
    this.timeline.follower = new Followers(this.#followers);
    return () => {
      this.#followers.delete(follower);
      if (this.#followers.size === 0) this.timeline.follower = null;
    };
  }

  /** The timeline has changed. */
  changed(): void {
    for (const follower of this.#followers) follower.changed(this.timeline.flags);
    for (const listener of this.#listeners) listener();
  }

  /** Drops the segments before this one from the playlist. */
  cut(first: number): void {
    if (first <= this.timeline.segments.first) return;
    this.timeline.trimTo(first);
    this.changed();
  }

  keepInit(init: EdgeInit): void {
    this.#inits = [...this.#inits.slice(1 - INITS_KEPT), init];
    for (const follower of this.#followers) follower.keepInit(init);
  }

  /** The init segment of a volume, if it is in memory. */
  init(sessionId: string, volume: number): Uint8Array | null {
    return this.#inits.find((init) => init.volume === volume && init.sessionId === sessionId)?.bytes ?? null;
  }

  /** Keeps a part as long as players near the edge need it; `recorded`: it can be read from the recording. */
  keep(part: EdgePart, recorded: () => boolean): void {
    this.add(part);
    this.#recorded.push(recorded);
    let old = 0;
    let [ticks, bytes] = [this.#ticks, this.#bytes];
    for (; old < this.#parts.length - 1; old += 1) {
      const { duration, bytes: oldest } = this.#parts[old];
      if (ticks - duration < this.#memoryTicks(this.#recorded[old]) && bytes <= MEMORY_LIMIT_BYTES) break;
      ticks -= duration;
      bytes -= oldest.length;
    }
    if (old > 0) this.drop(old);
  }

  /** Keeps a part until it is dropped. */
  add(part: EdgePart): void {
    part.block.retain();
    this.#parts.push(part);
    this.#ticks += part.duration;
    this.#bytes += part.bytes.length;
    for (const follower of this.#followers) follower.add(part);
  }

  /** Drops the oldest parts from the memory. */
  drop(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const { duration, bytes, block } = this.#parts[i];
      this.#ticks -= duration;
      this.#bytes -= bytes.length;
      block.release();
    }
    dropFirst(this.#parts, count);
    dropFirst(this.#recorded, count);
    for (const follower of this.#followers) follower.drop(count);
  }

  /** The part that begins at `start` of a volume, if it is in memory. */
  part(sessionId: string, volume: number, start: number): EdgePart | null {
    for (let i = this.#parts.length - 1; i >= 0; i -= 1) {
      const part = this.#parts[i];
      if (part.start === start && part.volume === volume && part.sessionId === sessionId) return part;
    }
    return null;
  }

  /** The parts that make up `start` to `end` of a volume, if all are in memory. */
  range(sessionId: string, volume: number, start: number, end: number): EdgePart[] | null {
    const found: EdgePart[] = [];
    let at = start;
    for (const part of this.#parts) {
      if (part.start !== at || part.volume !== volume || part.sessionId !== sessionId) continue;
      found.push(part);
      at = part.end;
      if (at === end) return found;
    }
    return null;
  }

  #memoryTicks(recorded: () => boolean): number {
    return recorded()
      ? MEMORY_TICKS
      : Math.max(MEMORY_TICKS, UNRECORDED_TARGETS * this.timeline.targetDuration * MEDIA_TIMESCALE);
  }

  /** Lets the memory go: there is no live edge any more. */
  clear(): void {
    this.drop(this.#parts.length);
  }
}

/** What is done to a timeline, told to all who follow its edge. */
class Followers implements TimelineFollower {
  readonly #all: ReadonlySet<TimelineFollower>;

  constructor(all: ReadonlySet<TimelineFollower>) {
    this.#all = all;
  }

  startRun(run: Run, firstPartStart: number): void {
    for (const each of this.#all) each.startRun(run, firstPartStart);
  }

  addPart(part: TimelinePart, programDateTimeMs: number, videoFrames: number, targetMs: number): void {
    for (const each of this.#all) each.addPart(part, programDateTimeMs, videoFrames, targetMs);
  }

  endSegment(): void {
    for (const each of this.#all) each.endSegment();
  }

  trimTo(first: number): void {
    for (const each of this.#all) each.trimTo(first);
  }
}

/** Array.splice makes an array of what it takes. */
function dropFirst(list: unknown[], count: number): void {
  if (count === 1) list.shift();
  else list.splice(0, count);
}
