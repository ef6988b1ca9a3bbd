import type { EdgeFollower, EdgeInit, EdgePart, LiveEdge } from '../lives/live-edge.ts';
import type { HeldBytes } from '../packager/block-pool.ts';
import type { Run, TimelineFlags, TimelinePart } from '../packager/media-timeline.ts';
import type { EdgeOperation, EdgeSnapshot, SharedPart } from './messages.ts';

/** What a thread reads of our memory: held until it gives the hold back. */
export interface Holds {
  hold(block: HeldBytes, bytes: number): number;
}

/** A live edge that another thread has its own copy of: tells what is done to it. */
export class FollowedEdge implements EdgeFollower {
  readonly videoUuid: string;
  readonly edge: LiveEdge;
  readonly #holds: Holds;
  readonly #tell: (operation: EdgeOperation) => void;
  #stop: (() => void) | null = null;

  constructor(videoUuid: string, edge: LiveEdge, holds: Holds, tell: (operation: EdgeOperation) => void) {
    this.videoUuid = videoUuid;
    this.edge = edge;
    this.#holds = holds;
    this.#tell = tell;
  }

  /** The edge as it is now; whatever is done to it from here on is told. */
  start(): EdgeSnapshot {
    this.#stop = this.edge.follow(this);
    return {
      timeline: this.edge.timeline.snapshot(),
      inits: this.edge.inits,
      parts: this.edge.parts.map((part) => this.#share(part)),
    };
  }

  stop(): void {
    this.#stop?.();
    this.#stop = null;
  }

  startRun(run: Run, firstPartStart: number): void {
    this.#tell({ op: 'start_run', run, firstPartStart });
  }

  addPart(part: TimelinePart, programDateTimeMs: number, videoFrames: number, targetMs: number): void {
    this.#tell({ op: 'add_part', part, programDateTimeMs, videoFrames, targetMs });
  }

  endSegment(): void {
    this.#tell({ op: 'end_segment' });
  }

  trimTo(first: number): void {
    this.#tell({ op: 'trim_to', first });
  }

  keepInit(init: EdgeInit): void {
    this.#tell({ op: 'keep_init', init });
  }

  add(part: EdgePart): void {
    this.#tell({ op: 'add', part: this.#share(part) });
  }

  drop(count: number): void {
    this.#tell({ op: 'drop', count });
  }

  changed(flags: TimelineFlags): void {
    this.#tell({ op: 'changed', flags });
  }

  #share({ sessionId, volume, start, end, duration, bytes, block }: EdgePart): SharedPart {
    return { sessionId, volume, start, end, duration, bytes, hold: this.#holds.hold(block, bytes.length) };
  }
}
