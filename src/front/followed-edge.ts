import type { EdgeFollower, EdgeInit, EdgePart, LiveEdge } from '../lives/live-edge.ts';
import type { Run, TimelineFlags, TimelinePart } from '../packager/media-timeline.ts';
import type { HeldBlocks } from './held-blocks.ts';
import type { EdgeOperation, EdgeSnapshot, SharedPart } from './messages.ts';

/** A live edge that another thread has its own copy of: tells what is done to it. */
export class FollowedEdge implements EdgeFollower {
  readonly videoUuid: string;
  readonly edge: LiveEdge;
  readonly #held: HeldBlocks;
  readonly #tell: (operation: EdgeOperation) => void;
  /** Of the parts that the edge has in memory, oldest first. */
  #holds: number[] = [];
  #stop: (() => void) | null = null;

  constructor(videoUuid: string, edge: LiveEdge, held: HeldBlocks, tell: (operation: EdgeOperation) => void) {
    this.videoUuid = videoUuid;
    this.edge = edge;
    this.#held = held;
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
    this.#owe(this.#holds.length);
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
    this.#owe(count);
    this.#tell({ op: 'drop', count });
  }

  changed(flags: TimelineFlags): void {
    this.#tell({ op: 'changed', flags });
  }

  #share({ sessionId, volume, start, end, duration, bytes, block }: EdgePart): SharedPart {
    const hold = this.#held.hold(block, bytes.length);
    this.#holds.push(hold);
    return { sessionId, volume, start, end, duration, bytes, hold };
  }

  #owe(count: number): void {
    for (const hold of this.#holds.splice(0, count)) this.#held.owe(hold);
  }
}
