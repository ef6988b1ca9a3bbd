import type { LiveEdge } from '../../src/lives/live-edge.ts';

/** What a viewer of a live has been told, over every restart of the server: numbers must not go back, nor name two things. */
export class ViewerMemory {
  /** What was wrong. */
  readonly faults = new Set<string>();
  #next = 0;
  /** What each media sequence number was given to. Without the segment's end: one that a kill cut short is shorter after. */
  readonly #names = new Map<number, string>();

  /** Watches an edge from here on; call it for the edge that each start makes. */
  watch(edge: LiveEdge): void {
    let first = edge.timeline.segments.first;
    const look = (): void => {
      this.#look(edge);
      if (edge.timeline.segments.first < first)
        this.faults.add(`the window begins at ${edge.timeline.segments.first} after ${first}`);
      first = edge.timeline.segments.first;
    };
    look();
    edge.onChange(look);
  }

  #look({ timeline }: LiveEdge): void {
    const { segments, openParts, run } = timeline;
    if (segments.next < this.#next) this.faults.add(`the next segment is ${segments.next} after ${this.#next}`);
    this.#next = Math.max(this.#next, segments.next);
    let { discontinuitySequence } = timeline;
    for (let row = segments.first; row < segments.next; row += 1) {
      if (timeline.discontinuityBefore(row)) discontinuitySequence += 1;
      this.#name(row, `${timeline.runOf(row).baseUri}/${segments.start(row)}, discontinuity ${discontinuitySequence}`);
    }
    if (openParts.length === 0 || run === null) return;
    if (timeline.openDiscontinuity) discontinuitySequence += 1;
    this.#name(segments.next, `${run.baseUri}/${openParts[0].start}, discontinuity ${discontinuitySequence}`);
  }

  #name(sequence: number, name: string): void {
    const known = this.#names.get(sequence);
    if (known !== undefined && known !== name) this.faults.add(`segment ${sequence} was ${known}, and is ${name}`);
    this.#names.set(sequence, name);
  }
}
