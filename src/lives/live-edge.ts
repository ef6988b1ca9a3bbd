import type { Block } from '../packager/block-pool.ts';
import { MediaTimeline } from '../packager/media-timeline.ts';
import type { TimelineStart } from '../packager/media-timeline.ts';
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
  readonly block: Block;
  readonly bytes: Uint8Array;
  /** It can be read from the recording. */
  readonly recorded: () => boolean;
}

/** The live edge of one live: its playlist over all sessions, its newest parts in memory, and who waits for the next change. */
export class LiveEdge {
  readonly timeline: MediaTimeline;
  #parts: EdgePart[] = [];
  #ticks = 0;
  #inits: { readonly sessionId: string; readonly volume: number; readonly bytes: Uint8Array }[] = [];
  #bytes = 0;
  readonly #listeners = new Set<() => void>();

  constructor(start: TimelineStart) {
    this.timeline = new MediaTimeline(start);
  }

  /** Media in memory: the newest of the timeline. */
  get ticks(): number {
    return this.#ticks;
  }

  /** Calls back after every change of the timeline, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The timeline has changed. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Drops the segments before this one from the playlist. */
  cut(first: number): void {
    if (first <= this.timeline.segments.first) return;
    this.timeline.trimTo(first);
    this.changed();
  }

  keepInit(sessionId: string, volume: number, bytes: Uint8Array): void {
    this.#inits = [...this.#inits.slice(1 - INITS_KEPT), { sessionId, volume, bytes }];
  }

  /** The init segment of a volume, if it is in memory. */
  init(sessionId: string, volume: number): Uint8Array | null {
    return this.#inits.find((init) => init.volume === volume && init.sessionId === sessionId)?.bytes ?? null;
  }

  keep(part: EdgePart): void {
    part.block.retain();
    this.#parts.push(part);
    this.#ticks += part.duration;
    this.#bytes += part.bytes.length;
    let drop = 0;
    for (; drop < this.#parts.length - 1 && this.#isTooOld(this.#parts[drop]); drop += 1) {
      this.#ticks -= this.#parts[drop].duration;
      this.#bytes -= this.#parts[drop].bytes.length;
      this.#parts[drop].block.release();
    }
    if (drop > 0) this.#parts.splice(0, drop);
  }

  #isTooOld(oldest: EdgePart): boolean {
    return this.#ticks - oldest.duration >= this.#memoryTicks(oldest) || this.#bytes > MEMORY_LIMIT_BYTES;
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

  #memoryTicks(part: EdgePart): number {
    return part.recorded()
      ? MEMORY_TICKS
      : Math.max(MEMORY_TICKS, UNRECORDED_TARGETS * this.timeline.targetDuration * MEDIA_TIMESCALE);
  }

  /** Lets the memory go: there is no live edge any more. */
  clear(): void {
    for (const part of this.#parts) part.block.release();
    this.#parts = [];
    this.#ticks = this.#bytes = 0;
  }
}
