import { LiveEdge } from '../lives/live-edge.ts';
import type { EdgePart } from '../lives/live-edge.ts';
import { SharedHold } from '../threads/shared-hold.ts';
import type { EdgeOperation, EdgeSnapshot, SharedPart } from './messages.ts';

/** A live edge of another thread, as this one has it. */
export class MirroredEdge {
  readonly edge: LiveEdge;
  readonly videoUuid: string;
  /** When somebody asked for something of it last, ms. */
  usedAt: number;
  readonly #release: (hold: number) => void;

  /** `release` gives a part's memory back: nobody here reads it any more. */
  constructor(videoUuid: string, snapshot: EdgeSnapshot, now: number, release: (hold: number) => void) {
    this.videoUuid = videoUuid;
    this.usedAt = now;
    this.#release = release;
    this.edge = new LiveEdge({ mediaSequence: 0, discontinuitySequence: 0, targetDuration: 0 });
    this.edge.timeline.restore(snapshot.timeline);
    for (const init of snapshot.inits) this.edge.keepInit(init);
    for (const part of snapshot.parts) this.edge.add(this.#edgePart(part));
  }

  /** Does here what was done there. */
  apply(operation: EdgeOperation): void {
    const { edge } = this;
    const { timeline } = edge;
    switch (operation.op) {
      case 'start_run':
        return timeline.startRun(operation.run, operation.firstPartStart);
      case 'add_part': {
        const { part, programDateTimeMs, videoFrames, targetMs } = operation;
        return timeline.addPart(part, programDateTimeMs, videoFrames, targetMs);
      }
      case 'end_segment':
        return void timeline.endSegment();
      case 'trim_to':
        return timeline.trimTo(operation.first);
      case 'keep_init':
        return edge.keepInit(operation.init);
      case 'add':
        return edge.add(this.#edgePart(operation.part));
      case 'drop':
        return edge.drop(operation.count);
      case 'changed':
        timeline.flags = operation.flags;
        return edge.changed();
    }
  }

  #edgePart({ hold, ...part }: SharedPart): EdgePart {
    return { ...part, block: new SharedHold(part.bytes, () => this.#release(hold)) };
  }
}
