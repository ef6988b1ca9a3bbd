import { ByteReader } from '../bytes/byte-reader.ts';
import { ProtocolError, Refused, REFUSALS } from '../errors.ts';
import type { RefusalCode } from '../errors.ts';
import type { AccessUnitSink } from '../media/access-unit-sink.ts';
import { ChunkReader } from './chunk-reader.ts';
import type { MessageReceiver } from './chunk-reader.ts';
import type { ChunkStream } from './chunk-stream.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { decodeCommand, encodeCommand, status, textMember } from './command.ts';
import type { Command } from './command.ts';
import { connectResult } from './connect-result.ts';
import { ServerHandshake } from './handshake.ts';
import type { HandshakeSecrets } from './handshake.ts';
import type { RtmpLimits } from './limits.ts';
import { MediaReceiver } from './media-receiver.ts';
import type { MediaWarning } from './media-receiver.ts';
import { MessageAssembler } from './message-assembler.ts';
import { MESSAGE_TYPE, USER_CONTROL } from './message-type.ts';
import { readMetadata } from './metadata.ts';
import { messageUse } from './message-use.ts';
import { parsePublishPath } from './publish-path.ts';

/** What a server connection asks of its owner. */
export interface RtmpServerHandler {
  /** Send this; it is not touched again. */
  write(bytes: Uint8Array<ArrayBuffer>): void;
  /** Answer with `accept` or `refuse`, at once or later: until then `push` takes nothing. */
  publish(streamKey: string, encoder: string | null): void;
  /** The publisher said that it is done (deleteStream, FCUnpublish, closeStream). It may publish again. */
  unpublished(): void;
  /** Something is wrong with the media, though not enough to end the connection. */
  warn(warning: MediaWarning | 'bad_metadata', detail: string): void;
}

export interface RtmpServerOptions {
  /** The application's name, such as `live`. */
  readonly app: string;
  readonly limits: RtmpLimits;
  readonly secrets: HandshakeSecrets;
  readonly handler: RtmpServerHandler;
}

/** `pending`: asked to publish, not answered. `closed`: whatever comes is discarded. */
export type RtmpServerState = 'handshake' | 'connecting' | 'connected' | 'pending' | 'publishing' | 'closed';

/** Our window and the peer's bandwidth: acknowledgements are asked for this often, though publishers need none. */
const WINDOW_BYTES = 5_000_000;
/** Our chunk size. ffmpeg takes it over for its own chunks, and large ones cost less. */
const CHUNK_BYTES = 65_536;
const LONGEST_ENCODER_NAME = 128;

/**
 * The server's side of one RTMP connection (RTMP 1.0; Enhanced RTMP v2), for publishing: bytes in, frames to the sink of the publication,
 * answers to the handler, one write for each push.
 */
export class RtmpServerConnection implements MessageReceiver {
  readonly #app: string;
  readonly #limits: RtmpLimits;
  readonly #handler: RtmpServerHandler;
  #handshake: ServerHandshake | null;
  readonly #chunks: ChunkReader;
  readonly #messages: MessageAssembler;
  readonly #out = new ChunkWriter();
  #state: RtmpServerState = 'handshake';
  #pushing = false;
  #media: MediaReceiver | null = null;
  #appPath = '';
  #encoder: string | null = null;
  #streamCount = 0;
  /** Message stream of the publication, and whether it was announced by FCPublish, which wants an answer of its own. */
  #streamId = 0;
  #fcPublish = false;
  #received = 0;
  #acknowledged = 0;
  #window = WINDOW_BYTES;

  constructor(options: RtmpServerOptions) {
    this.#app = options.app;
    this.#limits = options.limits;
    this.#handler = options.handler;
    this.#handshake = new ServerHandshake(options.secrets);
    this.#chunks = new ChunkReader(this, options.limits);
    this.#messages = new MessageAssembler(options.limits.openBytes);
  }

  get state(): RtmpServerState {
    return this.#state;
  }

  /** What the encoder calls itself, or null. */
  get encoder(): string | null {
    return this.#encoder;
  }

  /**
   * Takes bytes from the peer; returns where it stopped: `end`, or behind the message that asks to publish. Push the rest once that is answered.
   * Throws ProtocolError (the connection is beyond repair) or Refused (the answer is written, close the connection).
   */
  push(bytes: Uint8Array, offset: number, end: number): number {
    if (this.#state === 'closed') return end;
    if (this.#state === 'pending') return offset;
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
    return this.state === 'closed' ? end : at;
  }

  /** The publisher is admitted: its frames go to `sink`. */
  accept(sink: AccessUnitSink): void {
    if (this.#state !== 'pending') return;
    this.#state = 'publishing';
    this.#media = new MediaReceiver(sink, this.#limits.configBytes, (warning, detail) => this.#handler.warn(warning, detail));
    const started = status('status', 'NetStream.Publish.Start', 'Publishing.');
    this.#out.streamBegin(this.#streamId);
    if (this.#fcPublish) this.#out.command(this.#streamId, encodeCommand('onFCPublish', 0, null, started));
    this.#out.command(this.#streamId, encodeCommand('onStatus', 0, null, started));
    this.#chunks.stopped = false;
    this.#flush();
  }

  /** The publisher is not admitted, or no longer: tells it why, and discards what comes. Close the connection then. */
  close(code: RefusalCode): void {
    if (this.#state === 'closed') return;
    if (this.#state !== 'handshake') {
      this.#out.command(
        this.#streamId,
        encodeCommand('onStatus', 0, null, status('error', REFUSALS[code].rtmp, REFUSALS[code].text)),
      );
    }
    this.#end();
    // At once, even from within a push: the owner closes the connection behind this.
    this.#pushing = false;
    this.#flush();
  }

  /** Discards whatever comes from now on, without a word to the peer. */
  discard(): void {
    this.#end();
  }

  beginMessage(stream: ChunkStream): void {
    const use = messageUse(stream.type, stream.length, this.#limits);
    if (use === 'media') this.#media?.begin(stream);
    else if (use === 'keep' || (use === 'data' && this.#state === 'publishing')) this.#messages.begin(stream);
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
    if (handshake.done) {
      this.#handshake = null;
      this.#state = 'connecting';
    }
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
        this.#command(decodeCommand(payload), streamId);
        break;
      case MESSAGE_TYPE.commandAmf3:
        // AMF0 behind a byte that tells so: the form in which AMF3 clients send commands.
        this.#command(decodeCommand(payload.subarray(1)), streamId);
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

  #command(command: Command, streamId: number): void {
    if (this.#state === 'connecting' && command.name !== 'connect') {
      throw new ProtocolError('not_connected', 'a command before connect');
    }
    switch (command.name) {
      case 'connect':
        this.#connect(command);
        break;
      case 'createStream':
        this.#streamCount += 1;
        this.#result(command, this.#streamCount);
        break;
      case 'FCPublish':
        this.#fcPublish = true;
        this.#result(command, undefined);
        break;
      case 'publish':
        this.#publish(command, streamId);
        break;
      case 'FCUnpublish':
      case 'deleteStream':
      case 'closeStream':
        this.#unpublish();
        break;
      case 'play':
      case 'play2':
        this.#refuse('play_not_supported', streamId);
        break;
      default:
        // releaseStream, getStreamLength, _checkbw and the like: nothing to do, but some encoders wait for an answer.
        if (!command.name.startsWith('_') && !command.name.startsWith('on')) this.#result(command, undefined);
    }
  }

  #connect(command: Command): void {
    if (this.#state !== 'connecting') throw new ProtocolError('connected_twice', 'a second connect');
    const [parameters] = command.values;
    this.#appPath = textMember(parameters, 'app') ?? '';
    this.#encoder = textMember(parameters, 'flashVer')?.slice(0, LONGEST_ENCODER_NAME) ?? null;
    if (parsePublishPath(this.#appPath, '')?.app !== this.#app) {
      const reason = status('error', REFUSALS.wrong_app.rtmp, REFUSALS.wrong_app.text);
      this.#out.command(0, encodeCommand('_error', command.transactionId, null, reason));
      this.#end();
      throw new Refused('wrong_app');
    }
    this.#state = 'connected';
    this.#out.windowAcknowledgementSize(WINDOW_BYTES).setPeerBandwidth(WINDOW_BYTES).setChunkSize(CHUNK_BYTES);
    this.#out.command(0, connectResult(command));
  }

  #publish(command: Command, streamId: number): void {
    if (this.#state !== 'connected') throw new ProtocolError('published_twice', 'a second publish');
    const [, name] = command.values;
    const path = parsePublishPath(this.#appPath, typeof name === 'string' ? name : '');
    if (path === null || path.streamKey === '') this.#refuse('unknown_key', streamId);
    this.#state = 'pending';
    this.#streamId = streamId;
    this.#chunks.stopped = true;
    this.#handler.publish(path.streamKey, this.#encoder);
  }

  #unpublish(): void {
    if (this.#state !== 'publishing') return;
    this.#state = 'connected';
    this.#media = null;
    this.#out.command(
      this.#streamId,
      encodeCommand('onStatus', 0, null, status('status', 'NetStream.Unpublish.Success', 'Unpublished.')),
    );
    this.#handler.unpublished();
  }

  #refuse(code: RefusalCode, streamId: number): never {
    this.#streamId = streamId;
    this.close(code);
    throw new Refused(code);
  }

  #metadata(payload: Uint8Array): void {
    try {
      const metadata = readMetadata(payload);
      if (metadata === null) return;
      this.#encoder = metadata.encoder?.slice(0, LONGEST_ENCODER_NAME) ?? this.#encoder;
      if (metadata.video || metadata.audio) this.#media?.announce(metadata.video, metadata.audio);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      // Metadata are a courtesy: a broadcast does not end for them.
      this.#handler.warn('bad_metadata', error.message);
    }
  }

  #result(command: Command, value: number | undefined): void {
    if (command.transactionId !== 0) this.#out.command(0, encodeCommand('_result', command.transactionId, null, value));
  }

  #acknowledge(count: number): void {
    this.#received += count;
    if (this.#state === 'closed' || this.#received - this.#acknowledged < this.#window) return;
    this.#acknowledged = this.#received;
    this.#out.acknowledgement(this.#received);
  }

  #end(): void {
    this.#state = 'closed';
    this.#media = null;
    this.#chunks.stopped = true;
  }

  #flush(): void {
    if (!this.#pushing && this.#out.length > 0) this.#handler.write(this.#out.take());
  }
}
