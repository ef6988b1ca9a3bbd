import { createHmac, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { ProtocolError, Refused } from '../errors.ts';
import type { RefusalCode } from '../errors.ts';
import type { Publication, PublicationEnd, PublishDoor, PublisherConnection } from '../lives/door.ts';
import { maskKey } from '../log.ts';
import type { Logger } from '../log.ts';
import type { HandshakeSecrets } from '../rtmp/handshake.ts';
import { RtmpServerConnection } from '../rtmp/server-connection.ts';
import type { RtmpServerHandler } from '../rtmp/server-connection.ts';
import type { IngestLimits } from './limits.ts';
import { PAUSE } from './shared-read.ts';
import type { ReadCallback, ReadSocket } from './shared-read.ts';

const SECRETS: HandshakeSecrets = {
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  randomBytes,
};

/** Long enough for what was on its way to be read on a busy machine: an end comes behind the media, in a read of its own. */
const AWAKE_TICKS = 4;
/** A connection that has not published after this time is none that is waited for. */
const NEWCOMER_MS = 3000;

/** What a publisher's connection has of its listener. */
export interface PublisherOwner {
  readonly app: string;
  readonly door: PublishDoor;
  readonly limits: IngestLimits;
  /** A clock in ms that is set once a tick: telling the time for every read would cost more than it is worth. */
  readonly now: number;
  /** How long the socket of a publisher that was let in `sinceMs` ago rests after a read, ms, when what it sends within `quietMs` is awaited by nobody. */
  restMs(sinceMs: number, quietMs: number): number;
  /** There is room for one more publisher. */
  readonly hasRoom: boolean;
  /** Connections that hold a publication: each counts itself. */
  publishingCount: number;
  /** All bytes that came, of whatever connection. */
  receivedBytes: number;
}

/** One publisher's connection: its socket, its RTMP and, once admitted, its publication. Owns all three. */
export class RtmpPublisher implements PublisherConnection, RtmpServerHandler {
  readonly id: string;
  readonly #owner: PublisherOwner;
  readonly #log: Logger;
  readonly #socket: Socket;
  readonly #readOn: () => void;
  readonly #remoteAddress: string;
  readonly #rtmp: RtmpServerConnection;
  #publication: Publication | null = null;
  /** Bytes that came behind the request to publish, and wait for its answer. */
  #unread: Uint8Array | null = null;
  /** Why the connection is over; the first reason holds. */
  #reason: string | null = null;
  #detail: string | undefined;
  #closed = false;
  #heardBytes = false;
  /** For so many ticks more it is read as soon as something comes. */
  #awakeTicks = 0;
  #publishedOnce = false;
  readonly #openedAt: number;
  #heardAt: number;
  #acceptedAt = 0;
  /** Since when it is in the state it is waited for in, and until when it may linger. */
  #state = 'handshake';
  #stateSince: number;
  #lingerUntil = Infinity;

  /** `attach` begins to read the connection's socket with the callback it is given. */
  constructor(id: string, owner: PublisherOwner, log: Logger, attach: (read: ReadCallback) => ReadSocket) {
    this.id = id;
    this.#owner = owner;
    this.#openedAt = this.#heardAt = this.#stateSince = owner.now;
    this.#rtmp = new RtmpServerConnection({ app: owner.app, limits: owner.limits.rtmp, secrets: SECRETS, handler: this });
    const { socket, readOn } = attach((bytes, count) => this.#read(bytes, count));
    this.#socket = socket;
    this.#readOn = readOn;
    this.#remoteAddress = this.#socket.remoteAddress ?? 'unknown';
    this.#log = log.child({ connection: id, remote: this.#remoteAddress });
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      // Encoders say goodbye and are gone before our answer.
      if (this.#done) return;
      this.#reason ??= 'disconnected';
      this.#detail ??= error.code ?? error.message;
    });
    this.#socket.on('close', () => this.#onClose());
  }

  /** It has published and said goodbye. */
  get #done(): boolean {
    return this.#publishedOnce && this.#publication === null;
  }

  /** It has just come and is not let in yet: not one that only holds a connection. */
  get isNewcomer(): boolean {
    return !this.#publishedOnce && this.#reason === null && this.#owner.now - this.#openedAt < NEWCOMER_MS;
  }

  /** Resolves when the socket is closed. */
  get closed(): Promise<void> {
    return this.#closed ? Promise.resolve() : new Promise((resolve) => this.#socket.once('close', () => resolve()));
  }

  /** PublisherConnection: do not let it rest any longer. */
  readNow(): void {
    if (this.#publication === null) return;
    this.#awakeTicks = AWAKE_TICKS;
    this.#readOn();
  }

  /** PublisherConnection: nothing is written to the packager's memory any more. */
  stopMedia(): void {
    this.#rtmp.stopMedia();
  }

  /** PublisherConnection: tell the publisher why, then close. */
  close(code: RefusalCode): void {
    if (this.#reason !== null) return;
    this.#reason = code;
    this.#guard(() => this.#rtmp.close(code)); // a last word that can not be written keeps nobody
    this.#linger();
  }

  /** Close at once, without a word. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Looks after the time limits; called a few times a second. */
  tick(now: number): void {
    if (this.#awakeTicks > 0) this.#awakeTicks -= 1;
    const { limits } = this.#owner;
    const state = this.#rtmp.state;
    if (state !== this.#state) {
      this.#state = state;
      this.#stateSince = now;
    }
    if (now >= this.#lingerUntil) this.#socket.destroy();
    else if (state === 'handshake' && now - this.#openedAt > limits.handshakeMs) this.#fail('handshake_timeout', 'timed_out');
    else if ((state === 'connecting' || state === 'connected') && now - this.#stateSince > limits.publishMs)
      this.#fail('publish_timeout', 'timed_out');
    else if (state === 'publishing' && now - this.#heardAt > limits.readMs) this.#fail('read_timeout', 'timed_out');
  }

  write(bytes: Uint8Array<ArrayBuffer>): void {
    if (!this.#socket.writable) return;
    this.#socket.write(bytes);
    const unsent = this.#socket.writableLength;
    if (unsent > this.#owner.limits.unsentBytes)
      this.#fail('peer_not_reading', 'protocol_error', `${unsent} bytes of answers not read`);
  }

  publish(streamKey: string, encoder: string | null): void {
    void this.#ask(streamKey, encoder);
  }

  unpublished(): void {
    this.#endPublication('unpublished');
    this.#stateSince = this.#owner.now;
    this.#log.info('publisher unpublished');
  }

  warn(warning: string, detail: string): void {
    this.#log.warn({ warning, detail }, 'publisher sends what cannot be used');
  }

  async #ask(streamKey: string, encoder: string | null): Promise<void> {
    try {
      const request = { streamKey, connectionId: this.id, remoteAddress: this.#remoteAddress, encoder };
      if (!this.#owner.hasRoom && !this.#owner.door.replaces(streamKey)) {
        this.#owner.door.refused('too_many_connections', request);
        throw new Refused('too_many_connections');
      }
      const publication = await this.#owner.door.publish(request, this);
      this.#accept(publication, streamKey);
    } catch (error) {
      if (this.#closed) return;
      if (error instanceof Refused) {
        this.#detail = maskKey(streamKey);
        this.close(error.code);
      } else {
        this.#crash(error);
      }
    }
  }

  #accept(publication: Publication, streamKey: string): void {
    if (this.#reason !== null && this.#reason !== 'disconnected') {
      publication.end('disconnected', this.#reason);
      return;
    }
    this.#publication = publication;
    this.#owner.publishingCount += 1;
    this.#publishedOnce = true;
    this.#heardAt = this.#acceptedAt = this.#owner.now;
    const { sessionId, videoUuid } = publication;
    this.#log.info(
      { key: maskKey(streamKey), session: sessionId, video: videoUuid, encoder: this.#rtmp.encoder },
      'publisher connected',
    );
    this.#guard(() => {
      this.#rtmp.accept(publication.sink);
      // Even where the socket is gone already: what came before counts, a goodbye above all.
      const unread = this.#unread;
      this.#unread = null;
      if (unread === null || this.#feed(unread, unread.length)) this.#readOn();
    });
    if (this.#closed) this.#endPublication('disconnected', this.#detail);
  }

  #read(bytes: Uint8Array, count: number): number {
    this.#heardBytes = true;
    this.#owner.receivedBytes += count;
    this.#heardAt = this.#owner.now;
    if (!this.#guard(() => this.#feed(bytes, count))) return PAUSE;
    if (this.#publication === null || this.#awakeTicks > 0) return 0;
    return this.#owner.restMs(this.#heardAt - this.#acceptedAt, this.#publication.sink.quietMs);
  }

  /** True: go on reading. */
  #feed(bytes: Uint8Array, count: number): boolean {
    const at = this.#rtmp.push(bytes, 0, count);
    if (this.#rtmp.state !== 'pending') return true;
    this.#unread = at < count ? bytes.slice(at, count) : null;
    return false;
  }

  /** Runs what the peer's bytes set off; whatever it throws ends this connection and no other. */
  #guard(action: () => boolean | void): boolean {
    try {
      return action() !== false;
    } catch (error) {
      if (error instanceof Refused) {
        this.#reason ??= error.code;
        this.#owner.door.refused(error.code, null);
        this.#linger();
      } else if (error instanceof ProtocolError) {
        this.#fail(error.reason, 'protocol_error', error.message);
      } else {
        this.#crash(error);
      }
      return true;
    }
  }

  #fail(reason: string, end: PublicationEnd, detail?: string): void {
    this.#reason ??= reason;
    this.#detail ??= detail;
    this.#rtmp.discard();
    this.#endPublication(end, reason);
    this.#socket.destroy();
  }

  #crash(error: unknown): void {
    this.#log.error({ err: error }, 'publisher failed');
    this.#fail('internal_error', 'disconnected');
  }

  /** Our last word is written: lets the peer read it. Closing with its bytes unread would reset the connection and lose the word. */
  #linger(): void {
    if (this.#closed) return;
    this.#socket.end();
    this.#readOn();
    this.#lingerUntil = this.#owner.now + this.#owner.limits.lingerMs;
  }

  #endPublication(reason: PublicationEnd, detail?: string): void {
    const publication = this.#publication;
    if (publication === null) return;
    this.#publication = null;
    this.#owner.publishingCount -= 1;
    try {
      publication.end(reason, detail);
    } catch (error) {
      this.#log.error({ err: error }, 'publication failed to end');
    }
  }

  #onClose(): void {
    this.#closed = true;
    const reason = this.#reason ?? (this.#done ? 'unpublished' : 'disconnected');
    this.#reason = reason;
    this.#endPublication('disconnected', this.#detail ?? reason);
    // What waits for an answer still is brought to its end by #accept.
    if (this.#rtmp.state !== 'pending') this.#rtmp.discard();
    // Port scans and health checks are no story.
    const level = this.#heardBytes || reason !== 'disconnected' ? 'info' : 'debug';
    this.#log[level]({ reason, detail: this.#detail, encoder: this.#rtmp.encoder }, 'publisher gone');
  }
}
