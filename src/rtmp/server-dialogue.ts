import { ProtocolError, Refused, REFUSALS } from '../errors.ts';
import type { RefusalCode } from '../errors.ts';
import type { Amf0Object } from './amf0.ts';
import type { ChunkWriter } from './chunk-writer.ts';
import { encodeCommand, status, textMember } from './command.ts';
import type { Command } from './command.ts';
import { connectResult } from './connect-result.ts';
import { parsePublishPath } from './publish-path.ts';

/** `pending`: asked to publish, not answered. `closed`: nothing is heard or said any more. */
export type DialogueState = 'connecting' | 'connected' | 'pending' | 'publishing' | 'closed';

/** What a dialogue tells its connection. */
export interface DialogueListener {
  /** The peer asks to publish; `accept` or `close` answers. */
  publishAsked(streamKey: string): void;
  /** The peer ended its publication. */
  unpublished(): void;
}

/** Our window and the peer's bandwidth: acknowledgements are asked for this often, though publishers need none. */
export const WINDOW_BYTES = 5_000_000;
/** Our chunk size. ffmpeg takes it over for its own chunks, and large ones cost less. */
const CHUNK_BYTES = 65_536;
const LONGEST_ENCODER_NAME = 128;
/** ffmpeg's own RTMP in flashVer. */
const FFMPEG = /\bLavf/;

/** The commands of one connection, from the server's side (RTMP 1.0, section 7.2): connect, createStream, publish, goodbye. Answers go to `out`. */
export class ServerDialogue {
  readonly #app: string;
  readonly #out: ChunkWriter;
  readonly #listener: DialogueListener;
  #state: DialogueState = 'connecting';
  #appPath = '';
  #acknowledging = true;
  #encoder: string | null = null;
  #streamCount = 0;
  /** Message stream of the publication, and whether it was announced by FCPublish, which wants an answer of its own. */
  #streamId = 0;
  #fcPublish = false;

  constructor(app: string, out: ChunkWriter, listener: DialogueListener) {
    this.#app = app;
    this.#out = out;
    this.#listener = listener;
  }

  get state(): DialogueState {
    return this.#state;
  }

  /** What the encoder calls itself, or null. */
  get encoder(): string | null {
    return this.#encoder;
  }

  set encoder(name: string | null) {
    this.#encoder = name?.slice(0, LONGEST_ENCODER_NAME) ?? this.#encoder;
  }

  /**
   * Whether the peer may be sent acknowledgements. Not ffmpeg: it makes nothing of them, and one that it has not read when it closes makes its
   * kernel reset the connection and throw away the goodbye that is still held back by Nagle's algorithm; a clean end would look like a lost one.
   */
  get acknowledging(): boolean {
    return this.#acknowledging;
  }

  /** The request to publish is granted. */
  accept(): void {
    this.#state = 'publishing';
    const started = status('status', 'NetStream.Publish.Start', 'Publishing.');
    this.#out.streamBegin(this.#streamId);
    if (this.#fcPublish) this.#out.command(this.#streamId, encodeCommand('onFCPublish', 0, null, started));
    this.#out.command(this.#streamId, encodeCommand('onStatus', 0, null, started));
  }

  /** The last word: why the peer may not publish, or no longer. */
  close(code: RefusalCode): void {
    if (this.#state === 'closed') return;
    this.#say(status('error', REFUSALS[code].rtmp, REFUSALS[code].text));
    this.#state = 'closed';
  }

  /** Ends without a word. */
  discard(): void {
    this.#state = 'closed';
  }

  /** Takes a command that came on a message stream. Throws ProtocolError, or Refused when the answer to it was a last word. */
  command(command: Command, streamId: number): void {
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
    this.encoder = textMember(parameters, 'flashVer');
    this.#acknowledging = !FFMPEG.test(this.#encoder ?? '');
    if (parsePublishPath(this.#appPath, '')?.app !== this.#app) {
      const reason = status('error', REFUSALS.wrong_app.rtmp, REFUSALS.wrong_app.text);
      this.#out.command(0, encodeCommand('_error', command.transactionId, null, reason));
      this.#state = 'closed';
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
    this.#listener.publishAsked(path.streamKey);
  }

  #unpublish(): void {
    if (this.#state !== 'publishing') return;
    this.#state = 'connected';
    this.#say(status('status', 'NetStream.Unpublish.Success', 'Unpublished.'));
    this.#listener.unpublished();
  }

  #refuse(code: RefusalCode, streamId: number): never {
    this.#streamId = streamId;
    this.close(code);
    throw new Refused(code);
  }

  #result(command: Command, value: number | undefined): void {
    if (command.transactionId !== 0) this.#out.command(0, encodeCommand('_result', command.transactionId, null, value));
  }

  #say(information: Amf0Object): void {
    this.#out.command(this.#streamId, encodeCommand('onStatus', 0, null, information));
  }
}
