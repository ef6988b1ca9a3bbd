/** Samples of one track, in a row: are they frames that were sent, in order, and from which one on? */
export class FrameRun {
  count = 0;
  /** Where in the media the first sample can be; several, when frames are alike. */
  starts: readonly number[];
  readonly #sent: readonly Uint8Array[];

  /** `anywhere`: the run may begin with any frame, and not only with the first. */
  constructor(sent: readonly Uint8Array[], anywhere: boolean) {
    this.#sent = sent;
    this.starts = anywhere ? [...sent.keys()] : [0];
  }

  /** Takes the next sample; false when no frame that was sent is at this place. */
  push(bytes: Buffer, from: number, to: number): boolean {
    const { length } = this.#sent;
    const isHere = (start: number): boolean =>
      bytes.compare(this.#sent[(start + this.count) % length], undefined, undefined, from, to) === 0;
    if (this.starts.length > 1) this.starts = this.starts.filter(isHere);
    else if (!isHere(this.starts[0])) return false;
    if (this.starts.length === 0) return false;
    this.count += 1;
    return true;
  }
}
