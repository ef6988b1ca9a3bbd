/** One chunk stream: the header values its next chunk may leave out, and the message that is open on it. */
export class ChunkStream {
  readonly id: number;
  /** A header with a message length has come. */
  known = false;
  /** Whether the last header carried an extended timestamp, and so do the type 3 chunks behind it. */
  extended = false;
  /** The last header's timestamp or delta. */
  field = 0;
  /** Of the open message (or the last one): 32 bits, wraps around. */
  timestamp = 0;
  length = 0;
  type = 0;
  messageStreamId = 0;
  /** A message is begun and not ended. */
  open = false;
  /** Payload bytes of the open message that have come. */
  received = 0;
  /** The receiver's: payload of the open message where it is kept whole. */
  payload: Uint8Array | null = null;

  constructor(id: number) {
    this.id = id;
  }
}
