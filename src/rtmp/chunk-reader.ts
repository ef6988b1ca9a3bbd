import { ProtocolError } from '../errors.ts';
import { ChunkStream } from './chunk-stream.ts';
import type { RtmpLimits } from './limits.ts';

/** Where a chunk reader's messages go, piece by piece. Any method may throw ProtocolError, which ends the connection. */
export interface MessageReceiver {
  /** A message's header is complete: `type`, `length`, `timestamp` and `messageStreamId` of the stream are its own. */
  beginMessage(stream: ChunkStream): void;
  /** The next `count` bytes of the open message's payload stand at `offset`. The array is reused: copy what is to stay. */
  messageBytes(stream: ChunkStream, bytes: Uint8Array, offset: number, count: number): void;
  /** The open message is complete. */
  endMessage(stream: ChunkStream): void;
}

const DEFAULT_CHUNK_SIZE = 128;
const LONGEST_HEADER = 3 + 11 + 4;
/** Message header bytes by chunk format (RTMP 1.0, section 5.3.1.2). */
const HEADER_BYTES = [11, 7, 3, 0];
const EXTENDED = 0xffffff;

/** Takes a peer's chunks apart (RTMP 1.0, section 5.3), whatever pieces they come in. It keeps no payload. */
export class ChunkReader {
  /** The peer's chunk size: the receiver sets it on a Set Chunk Size message. */
  chunkSize = DEFAULT_CHUNK_SIZE;
  /** True: `push` returns behind the message that is being ended. */
  stopped = false;
  readonly #receiver: MessageReceiver;
  readonly #maxStreams: number;
  readonly #streams = new Map<number, ChunkStream>();
  /** The stream whose chunk is being read, and the payload bytes that chunk still lacks. */
  #current: ChunkStream = new ChunkStream(0);
  #left = 0;
  /** The beginning of a header that was torn by the end of a push. */
  readonly #torn = new Uint8Array(LONGEST_HEADER);
  #tornLength = 0;

  constructor(receiver: MessageReceiver, limits: Pick<RtmpLimits, 'chunkStreams'>) {
    this.#receiver = receiver;
    this.#maxStreams = limits.chunkStreams;
  }

  /** Reads from `offset` to `end`, or to the message behind which it was stopped; returns where it stands. Throws ProtocolError. */
  push(bytes: Uint8Array, offset: number, end: number): number {
    let at = offset;
    while (at < end && !this.stopped) {
      if (this.#left > 0) at += this.#payload(bytes, at, Math.min(this.#left, end - at));
      else at = this.#tornLength > 0 ? this.#mend(bytes, at) : this.#begin(bytes, at, end);
    }
    return at;
  }

  /** Abort Message (RTMP 1.0, section 5.4.2): the rest of that stream's message will not come. Returns the stream when one was open. */
  abort(id: number): ChunkStream | null {
    const stream = this.#streams.get(id);
    if (!stream?.open) return null;
    stream.open = false;
    return stream;
  }

  #begin(bytes: Uint8Array, at: number, end: number): number {
    const length = this.#readHeader(bytes, at, end);
    if (length > 0) return at + length;
    this.#torn.set(bytes.subarray(at, end));
    this.#tornLength = end - at;
    return end;
  }

  /** Adds one byte to a torn header and tries again. */
  #mend(bytes: Uint8Array, at: number): number {
    this.#torn[this.#tornLength] = bytes[at];
    this.#tornLength += 1;
    const have = this.#tornLength;
    const length = this.#readHeader(this.#torn, 0, have);
    if (length > 0) {
      this.#tornLength = 0;
      // Bytes taken for an extended timestamp that was none.
      if (length < have) this.push(this.#torn.slice(length, have), 0, have - length);
    }
    return at + 1;
  }

  /** Reads a chunk's header and begins its payload; returns the header's length, 0 when `end` comes first. */
  #readHeader(bytes: Uint8Array, offset: number, end: number): number {
    const format = bytes[offset] >> 6;
    let id = bytes[offset] & 63;
    let at = offset + 1;
    if (id === 0) {
      if (at + 1 > end) return 0;
      id = 64 + bytes[at];
      at += 1;
    } else if (id === 1) {
      if (at + 2 > end) return 0;
      id = 64 + bytes[at] + bytes[at + 1] * 256;
      at += 2;
    }
    const fields = at;
    at += HEADER_BYTES[format];
    if (at > end) return 0;
    const stream = this.#stream(id, format);
    let field = stream.field;
    let extended = stream.extended;
    if (format < 3) {
      if (stream.open)
        throw new ProtocolError('message_interrupted', `a message begins inside another one on chunk stream ${id}`);
      field = (bytes[fields] << 16) | (bytes[fields + 1] << 8) | bytes[fields + 2];
      extended = field === EXTENDED;
    }
    if (extended) {
      // Some encoders leave the extended timestamp out of the chunks that go on with a message: it is there when it repeats.
      const repeated = format === 3 && stream.open ? matches(stream.field, bytes, at, end) : at + 4 <= end;
      if (repeated === null || (repeated === false && !stream.open)) return 0;
      if (repeated) {
        field = bytes[at] * 0x1000000 + ((bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]);
        at += 4;
      }
    }

    if (!stream.open) {
      stream.field = field;
      stream.extended = extended;
      // A type 3 chunk behind a type 0 repeats its timestamp as the delta (section 5.3.1.2.4), and ffmpeg relies on it.
      stream.timestamp = format === 0 ? field : (stream.timestamp + field) >>> 0;
      if (format < 2) {
        stream.length = (bytes[fields + 3] << 16) | (bytes[fields + 4] << 8) | bytes[fields + 5];
        stream.type = bytes[fields + 6];
        stream.known = true;
      }
      if (format === 0) {
        stream.messageStreamId =
          bytes[fields + 7] + (bytes[fields + 8] << 8) + (bytes[fields + 9] << 16) + bytes[fields + 10] * 0x1000000;
      }
      stream.received = 0;
      stream.open = true;
      this.#receiver.beginMessage(stream);
      if (stream.length === 0) this.#end(stream);
    }
    this.#current = stream;
    this.#left = Math.min(this.chunkSize, stream.open ? stream.length - stream.received : 0);
    return at - offset;
  }

  #payload(bytes: Uint8Array, at: number, count: number): number {
    const stream = this.#current;
    this.#left -= count;
    stream.received += count;
    this.#receiver.messageBytes(stream, bytes, at, count);
    if (stream.received === stream.length) this.#end(stream);
    return count;
  }

  #end(stream: ChunkStream): void {
    stream.open = false;
    this.#receiver.endMessage(stream);
  }

  #stream(id: number, format: number): ChunkStream {
    const known = this.#streams.get(id);
    if (known !== undefined && (format < 2 || known.known)) return known;
    if (format > 1) throw new ProtocolError('chunk_without_header', `chunk stream ${id} begins with a type ${format} chunk`);
    if (this.#streams.size >= this.#maxStreams)
      throw new ProtocolError('too_many_chunk_streams', `more than ${this.#maxStreams} chunk streams`);
    const stream = new ChunkStream(id);
    this.#streams.set(id, stream);
    return stream;
  }
}

/** Whether the four bytes are `value`; null when `end` comes before that is clear. */
function matches(value: number, bytes: Uint8Array, at: number, end: number): boolean | null {
  for (let i = 0; i < 4; i += 1) {
    if (at + i >= end) return null;
    if (bytes[at + i] !== ((value >>> (24 - 8 * i)) & 0xff)) return false;
  }
  return true;
}
