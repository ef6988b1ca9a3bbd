import { Fleet } from '../fleet.ts';

/** What the parts of a drill must know of what is being done to the server, and where they leave what is wrong. */
export class World {
  readonly #faults = new Map<string, { count: number; first: string }>();
  /** When it was taken down and when it was back, in turns. */
  readonly #turns: number[] = [];

  /** The server was taken down on purpose and is not back: nobody is to blame for what fails now. */
  get serverDown(): boolean {
    return this.#turns.length % 2 === 1;
  }

  set serverDown(down: boolean) {
    if (down !== this.serverDown) this.#turns.push(Fleet.now());
  }

  /** It was down at some time between these, in ms since 1970. */
  wasDown(fromMs: number, toMs: number): boolean {
    for (let i = 0; i < this.#turns.length; i += 2) {
      if (this.#turns[i] <= toMs && (this.#turns[i + 1] ?? Infinity) >= fromMs) return true;
    }
    return false;
  }

  /** Something is wrong. Faults of one kind are counted, and the first is kept. */
  fault(kind: string, detail: string): void {
    const known = this.#faults.get(kind);
    if (known === undefined) this.#faults.set(kind, { count: 1, first: detail });
    else known.count += 1;
  }

  get faults(): { kind: string; count: number; first: string }[] {
    return [...this.#faults].map(([kind, { count, first }]) => ({ kind, count, first }));
  }
}
