import { ByteReader } from '../bytes/byte-reader.ts';
import { ProtocolError } from '../errors.ts';
import type { RefusalCode } from '../errors.ts';
import type { AccessUnitSink } from '../media/access-unit-sink.ts';
import { ChunkReader } from './chunk-reader.ts';
import type { MessageReceiver } from './chunk-reader.ts';
import type { ChunkStream } from './chunk-stream.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { decodeCommand } from './command.ts';
import { ServerHandshake } from './handshake.ts';
import type { HandshakeSecrets } from './handshake.ts';
import type { RtmpLimits } from './limits.ts';
import { MediaReceiver } from './media-receiver.ts';
import type { MediaWarning } from './media-receiver.ts';
import { MessageAssembler } from './message-assembler.ts';
import { MESSAGE_TYPE, USER_CONTROL } from './message-type.ts';
import { messageUse } from './message-use.ts';
import { readMetadata } from './metadata.ts';
import { ServerDialogue, WINDOW_BYTES } from './server-dialogue.ts';
import type { DialogueState } from './server-dialogue.ts';

export type ServerWarning = MediaWarning | 'bad_metadata';

/** What a server connection asks of its owner. */
export interface RtmpServerHandler {
  /** Send this; it is not touched again. */
  write(bytes: Uint8Array<ArrayBuffer>): void;
  /** Answer with `accept` or `refuse`, at once or later: until then `push` takes nothing. */
  publish(streamKey: string, encoder: string | null): void;
  /** The publisher said that it is done (deleteStream, FCUnpublish, closeStream). It may publish again. */
  unpublished(): void;
  /** Something is wrong with the media, though not enough to end the connection. Each is told once. */
  warn(warning: ServerWarning, detail: string): void;
}

export interface RtmpServerOptions {
  /** The application's name, such as `live`. */
  readonly app: string;
  readonly limits: RtmpLimits;
  readonly secrets: HandshakeSecrets;
  readonly handler: RtmpServerHandler;
}

export type RtmpServerState = 'handshake' | DialogueState;

/**
 * The server's side of one RTMP connection (RTMP 1.0; Enhanced RTMP v2), for publishing: bytes in, frames to the sink of the publication,
 * answers to the handler, one write for each push.
 */
export class RtmpServerConnection implements MessageReceiver {
  readonly #limits: RtmpLimits;
  readonly #handler: RtmpServerHandler;
  #handshake: ServerHandshake | null;
  readonly #chunks: ChunkReader;
  readonly #messages: MessageAssembler;
  readonly #out = new ChunkWriter();
  readonly #dialogue: ServerDialogue;
  #pushing = false;
  #media: MediaReceiver | null = null;
  readonly #warned = new Set<string>();
  #received = 0;
  #acknowledged = 0;
  #window = WINDOW_BYTES;

  constructor(options: RtmpServerOptions) {
    this.#limits = options.limits;
    this.#handler = options.handler;
    this.#handshake = new ServerHandshake(options.secrets);
    this.#chunks = new ChunkReader(this, options.limits);
    this.#messages = new MessageAssembler(options.limits.openBytes);
    this.#dialogue = new ServerDialogue(options.app, this.#out, {
      publishAsked: (streamKey) => {
        this.#chunks.stopped = true;
        this.#handler.publish(streamKey, this.encoder);
      },
      unpublished: () => {
        this.#media = null;
        this.#handler.unpublished();
      },
    });
  }

  get state(): RtmpServerState {
    return this.#handshake === null || this.#dialogue.state === 'closed' ? this.#dialogue.state : 'handshake';
  }

  /** What the encoder calls itself, or null. */
  get encoder(): string | null {
    return this.#dialogue.encoder;
  }

  /**
   * Takes bytes from the peer; returns where it stopped: `end`, or behind the message that asks to publish. Push the rest once that is answered.
   * Throws ProtocolError (the connection is beyond repair) or Refused (the answer is written, close the connection).
   */
  push(bytes: Uint8Array, offset: number, end: number): number {
    if (this.state === 'closed') return end;
    if (this.state === 'pending') return offset;
    let at = offset;
    this.#pushing = true;
    try {
      if (this.#handshake !== null) at = this.#shake(this.#handshake, bytes, at, end);
      if (this.#handshake === null) at = this.#chunks.push(bytes, at, end);
      this.#acknowledge(at - offset);
    } finally {
      this.#pushing = false;
      this.#flush();
    }
    return at;
  }

  /** The publisher is admitted: its frames go to `sink`. */
  accept(sink: AccessUnitSink): void {
    if (this.state !== 'pending') return;
    this.#media = new MediaReceiver(sink, this.#limits.configBytes, (warning, detail) => this.#warn(warning, detail));
    this.#dialogue.accept();
    this.#chunks.stopped = false;
    this.#flush();
  }

  /** The publisher is not admitted, or no longer: tells it why, and discards what comes. Close the connection then. */
  close(code: RefusalCode): void {
    if (this.#handshake === null) this.#dialogue.close(code);
    this.discard();
    // At once, even from within a push: the owner closes the connection behind this.
    this.#pushing = false;
    this.#flush();
  }

  /** Frames that come from now on, the rest of an open one too, are discarded: the memory that they were written to can go. */
  stopMedia(): void {
    this.#media = null;
  }

  /** Discards whatever comes from now on, without a word to the peer. */
  discard(): void {
    this.#dialogue.discard();
    this.#media = null;
    this.#chunks.stopped = true;
  }

  beginMessage(stream: ChunkStream): void {
    const use = messageUse(stream.type, stream.length, this.#limits);
    if (use === 'media') this.#media?.begin(stream);
    else if (use === 'keep' || (use === 'data' && this.#media !== null)) this.#messages.begin(stream);
  }

  messageBytes(stream: ChunkStream, bytes: Uint8Array, offset: number, count: number): void {
    if (stream.payload !== null) this.#messages.push(stream, stream.payload, bytes, offset, count);
    else this.#media?.push(stream, bytes, offset, count);
  }

  endMessage(stream: ChunkStream): void {
    if (stream.payload === null) this.#media?.end(stream);
    else this.#message(stream.type, stream.messageStreamId, this.#messages.end(stream));
  }

  #shake(handshake: ServerHandshake, bytes: Uint8Array, offset: number, end: number): number {
    const at = handshake.push(bytes, offset, end);
    const answer = handshake.takeAnswer();
    if (answer !== null) this.#handler.write(answer);
    if (handshake.done) this.#handshake = null;
    return at;
  }

  #message(type: number, streamId: number, payload: Uint8Array): void {
    const reader = new ByteReader(payload);
    switch (type) {
      case MESSAGE_TYPE.setChunkSize:
        this.#setChunkSize(reader.u32());
        break;
      case MESSAGE_TYPE.abort: {
        const stream = this.#chunks.abort(reader.u32());
        if (stream?.payload) this.#messages.end(stream);
        else if (stream) this.#media?.end(stream);
        break;
      }
      case MESSAGE_TYPE.windowAcknowledgementSize:
        this.#window = reader.u32() || WINDOW_BYTES;
        break;
      case MESSAGE_TYPE.userControl:
        if (reader.u16() === USER_CONTROL.pingRequest) this.#out.pingResponse(reader.u32());
        break;
      case MESSAGE_TYPE.command:
        this.#dialogue.command(decodeCommand(payload), streamId);
        break;
      case MESSAGE_TYPE.commandAmf3:
        // AMF0 behind a byte that tells so: the form in which AMF3 clients send commands.
        this.#dialogue.command(decodeCommand(payload.subarray(1)), streamId);
        break;
      case MESSAGE_TYPE.data:
        this.#metadata(payload);
        break;
      case MESSAGE_TYPE.dataAmf3:
        this.#metadata(payload.subarray(1));
        break;
      // Acknowledgements and bandwidth: we send too little to be slowed down.
    }
  }

  #setChunkSize(size: number): void {
    if (size === 0 || size > this.#limits.chunkBytes) throw new ProtocolError('bad_chunk_size', `chunk size ${size}`);
    this.#chunks.chunkSize = size;
  }

  #metadata(payload: Uint8Array): void {
    try {
      const metadata = readMetadata(payload);
      if (metadata === null) return;
      this.#dialogue.encoder = metadata.encoder;
      if (metadata.video || metadata.audio) this.#media?.announce(metadata.video, metadata.audio);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      // Metadata are a courtesy: a broadcast does not end for them.
      this.#warn('bad_metadata', error.message);
    }
  }

  #acknowledge(count: number): void {
    this.#received += count;
    if (this.#received - this.#acknowledged < this.#window || this.state === 'closed' || !this.#dialogue.acknowledging) return;
    this.#acknowledged = this.#received;
    this.#out.acknowledgement(this.#received);
  }

  #warn(warning: ServerWarning, detail: string): void {
    if (this.#warned.has(warning)) return;
    this.#warned.add(warning);
    this.#handler.warn(warning, detail);
  }

  #flush(): void {
    if (!this.#pushing && this.#out.length > 0) this.#handler.write(this.#out.take());
  }
}
