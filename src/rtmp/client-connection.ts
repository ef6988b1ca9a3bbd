import { ByteReader } from '../bytes/byte-reader.ts';
import { ByteWriter } from '../bytes/byte-writer.ts';
import { encodeAmf0 } from './amf0.ts';
import { ChunkReader } from './chunk-reader.ts';
import type { MessageReceiver } from './chunk-reader.ts';
import type { ChunkStream } from './chunk-stream.ts';
import { CHUNK_STREAM, ChunkWriter } from './chunk-writer.ts';
import { decodeCommand, encodeCommand, textMember } from './command.ts';
import type { Command } from './command.ts';
import { encodeTags } from './encode-tags.ts';
import type { FlvTag } from './flv-file.ts';
import { ClientHandshake } from './handshake.ts';
import { DEFAULT_RTMP_LIMITS } from './limits.ts';
import { MessageAssembler } from './message-assembler.ts';
import { MESSAGE_TYPE, USER_CONTROL } from './message-type.ts';
import { messageUse } from './message-use.ts';

/** What a client connection asks of its owner. */
export interface RtmpClientHandler {
  /** Send this; it is not touched again. */
  write(bytes: Uint8Array<ArrayBuffer>): void;
  /** The server takes the publication: frames may be written. */
  published(): void;
  /** The server says no, now or in the middle of it: its status code and what it tells a person. */
  failed(code: string, description: string): void;
}

export interface RtmpClientOptions {
  readonly app: string;
  /** The URL up to the application. */
  readonly tcUrl: string;
  readonly streamKey: string;
  /** What we call ourselves. */
  readonly flashVer: string;
  readonly handler: RtmpClientHandler;
  /** Where memory for frames to be sent comes from; it need not be zeroed. */
  readonly allocate?: (size: number) => Uint8Array<ArrayBuffer>;
}

/** Size of the chunks that a client connection writes. */
export const CLIENT_CHUNK_BYTES = 65_536;
const TRANSACTION = { connect: 1, releaseStream: 2, fcPublish: 3, createStream: 4, publish: 5 } as const;

/** The client's side of one RTMP connection, for publishing one stream. */
export class RtmpClientConnection implements MessageReceiver {
  readonly #options: RtmpClientOptions;
  readonly #handler: RtmpClientHandler;
  readonly #allocate: (size: number) => Uint8Array<ArrayBuffer>;
  readonly #chunks: ChunkReader;
  readonly #messages = new MessageAssembler(DEFAULT_RTMP_LIMITS.openBytes);
  readonly #out = new ChunkWriter();
  #handshake: ClientHandshake | null = new ClientHandshake();
  #streamId = 0;

  constructor(options: RtmpClientOptions) {
    this.#options = options;
    this.#handler = options.handler;
    this.#allocate = options.allocate ?? ((size) => new Uint8Array(size));
    this.#chunks = new ChunkReader(this, DEFAULT_RTMP_LIMITS);
  }

  /** The transport is open: begins with the handshake. */
  start(): void {
    this.#handler.write(ClientHandshake.hello());
  }

  /** Takes bytes from the server. Throws ProtocolError. */
  push(bytes: Uint8Array): void {
    let at = 0;
    if (this.#handshake !== null) {
      at = this.#handshake.push(bytes, 0, bytes.length);
      if (!this.#handshake.done) return;
      const echo = this.#handshake.echo;
      this.#handshake = null;
      this.#handler.write(echo);
      this.#connect();
    }
    this.#chunks.push(bytes, at, bytes.length);
    this.#flush();
  }

  /** Writes tags `from` to `to` with `shiftMs` added to their timestamps, all in one write. Only once published. */
  writeTags(tags: readonly FlvTag[], from: number, to: number, shiftMs: number): void {
    if (from < to) this.#handler.write(encodeTags(tags, from, to, shiftMs, this.#streamId, CLIENT_CHUNK_BYTES, this.#allocate));
  }

  /** The message stream that the server gave us; 0 before it did. */
  get streamId(): number {
    return this.#streamId;
  }

  /** Writes messages that are encoded already, for this message stream and in chunks of CLIENT_CHUNK_BYTES. Only once published. */
  writeChunks(bytes: Uint8Array<ArrayBuffer>): void {
    this.#handler.write(bytes);
  }

  /** Writes onMetaData as it stands in an FLV file. */
  writeMetadata(onMetaData: Uint8Array): void {
    const payload = new ByteWriter();
    encodeAmf0(payload, '@setDataFrame');
    payload.bytes(onMetaData);
    this.#out.message(CHUNK_STREAM.data, MESSAGE_TYPE.data, this.#streamId, 0, payload.take());
    this.#flush();
  }

  /** Says goodbye, if there is a publication or one was asked for. */
  unpublish(): void {
    if (this.#streamId === 0) return;
    this.#out.command(0, encodeCommand('FCUnpublish', 6, null, this.#options.streamKey));
    this.#out.command(0, encodeCommand('deleteStream', 7, null, this.#streamId));
    this.#flush();
  }

  beginMessage(stream: ChunkStream): void {
    const use = messageUse(stream.type, stream.length, DEFAULT_RTMP_LIMITS);
    if (use === 'keep') this.#messages.begin(stream);
  }

  messageBytes(stream: ChunkStream, bytes: Uint8Array, offset: number, count: number): void {
    if (stream.payload !== null) this.#messages.push(stream, stream.payload, bytes, offset, count);
  }

  endMessage(stream: ChunkStream): void {
    if (stream.payload === null) return;
    const payload = this.#messages.end(stream);
    const reader = new ByteReader(payload);
    if (stream.type === MESSAGE_TYPE.setChunkSize) this.#chunks.chunkSize = Math.max(1, reader.u32());
    else if (stream.type === MESSAGE_TYPE.userControl && reader.u16() === USER_CONTROL.pingRequest)
      this.#out.pingResponse(reader.u32());
    else if (stream.type === MESSAGE_TYPE.command) this.#command(decodeCommand(payload));
    else if (stream.type === MESSAGE_TYPE.commandAmf3) this.#command(decodeCommand(payload.subarray(1)));
  }

  #connect(): void {
    const { app, tcUrl, flashVer } = this.#options;
    this.#out.setChunkSize(CLIENT_CHUNK_BYTES);
    this.#out.command(0, encodeCommand('connect', TRANSACTION.connect, { app, type: 'nonprivate', flashVer, tcUrl }));
  }

  #command(command: Command): void {
    const [, information] = command.values;
    if (command.name === '_result' && command.transactionId === TRANSACTION.connect) {
      this.#createStream();
    } else if (command.name === '_result' && command.transactionId === TRANSACTION.createStream) {
      this.#streamId = typeof information === 'number' ? information : 1;
      this.#out.command(this.#streamId, encodeCommand('publish', TRANSACTION.publish, null, this.#options.streamKey, 'live'));
    } else if (command.name === 'onStatus' && textMember(information, 'code') === 'NetStream.Publish.Start') {
      this.#handler.published();
    } else if (command.name === 'onStatus' && textMember(information, 'level') === 'error') {
      this.#fail(command);
    } else if (
      command.name === '_error' &&
      (command.transactionId === TRANSACTION.connect || command.transactionId === TRANSACTION.createStream)
    ) {
      this.#fail(command);
    }
  }

  #createStream(): void {
    const key = this.#options.streamKey;
    this.#out.command(0, encodeCommand('releaseStream', TRANSACTION.releaseStream, null, key));
    this.#out.command(0, encodeCommand('FCPublish', TRANSACTION.fcPublish, null, key));
    this.#out.command(0, encodeCommand('createStream', TRANSACTION.createStream, null));
  }

  #fail(command: Command): void {
    const [, information] = command.values;
    this.#handler.failed(textMember(information, 'code') ?? command.name, textMember(information, 'description') ?? '');
  }

  #flush(): void {
    if (this.#out.length > 0) this.#handler.write(this.#out.take());
  }
}
