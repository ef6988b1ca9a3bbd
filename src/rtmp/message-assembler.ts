import { ProtocolError } from '../errors.ts';
import type { ChunkStream } from './chunk-stream.ts';

const FIRST_BYTES = 512;

/** Keeps the payloads of small messages until they are whole; memory follows the bytes that came, not the length that was announced. */
export class MessageAssembler {
  readonly #maxOpenBytes: number;
  #openBytes = 0;

  constructor(maxOpenBytes: number) {
    this.#maxOpenBytes = maxOpenBytes;
  }

  /** The stream's message is to be kept. Throws ProtocolError `too_much_open`. */
  begin(stream: ChunkStream): void {
    this.#openBytes += stream.length;
    if (this.#openBytes > this.#maxOpenBytes) {
      throw new ProtocolError('too_much_open', `messages of ${this.#openBytes} bytes begun and not ended`);
    }
    stream.payload = new Uint8Array(Math.min(stream.length, FIRST_BYTES));
  }

  /** The next bytes of the stream's message, which `received` counts already. */
  push(stream: ChunkStream, payload: Uint8Array, bytes: Uint8Array, offset: number, count: number): void {
    let room = payload;
    if (stream.received > room.length) {
      room = new Uint8Array(Math.min(stream.length, Math.max(stream.received, room.length * 2)));
      room.set(payload);
      stream.payload = room;
    }
    room.set(bytes.subarray(offset, offset + count), stream.received - count);
  }

  /** The stream's message is whole, or will never be: what came of it. */
  end(stream: ChunkStream): Uint8Array {
    const payload = stream.payload ?? new Uint8Array(0);
    if (stream.payload !== null) this.#openBytes -= stream.length;
    stream.payload = null;
    return payload;
  }
}
