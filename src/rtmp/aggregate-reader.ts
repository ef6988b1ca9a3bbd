import { ProtocolError } from '../errors.ts';

/** Where the messages inside aggregate messages go. */
export interface AggregateReceiver {
  begin(type: number, timestamp: number, length: number): void;
  push(bytes: Uint8Array, offset: number, count: number): void;
  end(): void;
}

const HEADER_BYTES = 11;
const BACK_POINTER_BYTES = 4;

/** Takes aggregate messages apart while they come (RTMP 1.0, section 7.1.6): messages with headers like those of FLV tags. */
export class AggregateReader {
  readonly #receiver: AggregateReceiver;
  readonly #header = new Uint8Array(HEADER_BYTES);
  #have = 0;
  #left = 0;
  #backPointerLeft = 0;
  #messageLeft = 0;
  #timestamp = 0;
  /** The first inner timestamp: the others count from it. */
  #base: number | null = null;

  constructor(receiver: AggregateReceiver) {
    this.#receiver = receiver;
  }

  /** An aggregate message of `length` bytes begins. */
  begin(timestamp: number, length: number): void {
    this.#timestamp = timestamp;
    this.#messageLeft = length;
    this.#base = null;
    this.#have = 0;
    this.#left = 0;
    this.#backPointerLeft = 0;
  }

  /** The next `count` bytes of the message, never more than it has. Throws ProtocolError. */
  push(bytes: Uint8Array, offset: number, count: number): void {
    let at = offset;
    const end = offset + count;
    while (at < end) {
      if (this.#backPointerLeft > 0) {
        const piece = Math.min(this.#backPointerLeft, end - at);
        this.#backPointerLeft -= piece;
        this.#messageLeft -= piece;
        at += piece;
      } else if (this.#have < HEADER_BYTES) {
        this.#header[this.#have] = bytes[at];
        this.#have += 1;
        this.#messageLeft -= 1;
        at += 1;
        if (this.#have === HEADER_BYTES) this.#beginInner();
      } else {
        const piece = Math.min(this.#left, end - at);
        this.#left -= piece;
        this.#messageLeft -= piece;
        this.#receiver.push(bytes, at, piece);
        at += piece;
        if (this.#left === 0) this.#endInner();
      }
    }
  }

  #beginInner(): void {
    const header = this.#header;
    const length = (header[1] << 16) | (header[2] << 8) | header[3];
    if (length > this.#messageLeft)
      throw new ProtocolError('bad_aggregate', `a message of ${length} bytes in ${this.#messageLeft}`);
    const timestamp = header[7] * 0x1000000 + ((header[4] << 16) | (header[5] << 8) | header[6]);
    this.#base ??= timestamp;
    this.#left = length;
    this.#receiver.begin(header[0], (this.#timestamp + timestamp - this.#base) >>> 0, length);
    if (length === 0) this.#endInner();
  }

  #endInner(): void {
    this.#have = 0;
    this.#backPointerLeft = BACK_POINTER_BYTES;
    this.#receiver.end();
  }
}
