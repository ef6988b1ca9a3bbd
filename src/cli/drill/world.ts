/** What the parts of a drill must know of what is being done to the server, and where they leave what is wrong. */
export class World {
  /** The server was taken down on purpose and is not back: nobody is to blame for what fails now. */
  serverDown = false;
  readonly #faults = new Map<string, { count: number; first: string }>();

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
