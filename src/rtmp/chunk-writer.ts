import { ByteWriter } from '../bytes/byte-writer.ts';
import { MESSAGE_TYPE, USER_CONTROL } from './message-type.ts';

/** Chunk streams we write on; 2 is set by the specification (section 5.4), the others are ours to choose. */
export const CHUNK_STREAM = { control: 2, command: 3, audio: 4, data: 5, video: 6 } as const;

const EXTENDED = 0xffffff;
const TYPE_3 = 0xc0;

/** Gathers messages as chunks for one write: each begins with a type 0 header, so that no state is needed between them. */
export class ChunkWriter {
  /** Our chunk size as the peer knows it. */
  chunkSize = 128;
  readonly #out: ByteWriter;

  constructor(capacity = 512) {
    this.#out = new ByteWriter(capacity);
  }

  /** Bytes gathered. */
  get length(): number {
    return this.#out.length;
  }

  /** What was gathered; the writer is empty again. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#out.take();
  }

  /** Appends one message. `timestamp` is taken modulo 2^32. */
  message(chunkStream: number, type: number, messageStreamId: number, timestamp: number, payload: Uint8Array): this {
    const time = timestamp >>> 0;
    const extended = time >= EXTENDED;
    this.#out
      .u8(chunkStream)
      .u24(extended ? EXTENDED : time)
      .u24(payload.length)
      .u8(type)
      .u32le(messageStreamId);
    if (extended) this.#out.u32(time);
    for (let at = 0; at < payload.length; at += this.chunkSize) {
      if (at > 0) {
        this.#out.u8(TYPE_3 | chunkStream);
        if (extended) this.#out.u32(time);
      }
      this.#out.bytes(payload.subarray(at, at + this.chunkSize));
    }
    return this;
  }

  command(messageStreamId: number, payload: Uint8Array): this {
    return this.message(CHUNK_STREAM.command, MESSAGE_TYPE.command, messageStreamId, 0, payload);
  }

  /** Set Chunk Size (section 5.4.1); what follows is written with it. */
  setChunkSize(size: number): this {
    this.#control(MESSAGE_TYPE.setChunkSize, new ByteWriter(4).u32(size));
    this.chunkSize = size;
    return this;
  }

  acknowledgement(receivedBytes: number): this {
    return this.#control(MESSAGE_TYPE.acknowledgement, new ByteWriter(4).u32(receivedBytes % 2 ** 32));
  }

  windowAcknowledgementSize(size: number): this {
    return this.#control(MESSAGE_TYPE.windowAcknowledgementSize, new ByteWriter(4).u32(size));
  }

  /** Set Peer Bandwidth with the limit type Dynamic (section 5.4.5). */
  setPeerBandwidth(size: number): this {
    return this.#control(MESSAGE_TYPE.setPeerBandwidth, new ByteWriter(5).u32(size).u8(2));
  }

  streamBegin(messageStreamId: number): this {
    return this.#control(MESSAGE_TYPE.userControl, new ByteWriter(6).u16(USER_CONTROL.streamBegin).u32(messageStreamId));
  }

  pingResponse(timestamp: number): this {
    return this.#control(MESSAGE_TYPE.userControl, new ByteWriter(6).u16(USER_CONTROL.pingResponse).u32(timestamp));
  }

  #control(type: number, payload: ByteWriter): this {
    return this.message(CHUNK_STREAM.control, type, 0, 0, payload.take());
  }
}
