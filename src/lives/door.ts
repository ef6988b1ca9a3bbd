import type { AccessUnitSink } from '../media/access-unit-sink.ts';
import type { PackagerOutput } from '../packager/packager.ts';
import type { SessionClock } from '../packager/session-clock.ts';
import type { RefusalCode } from '../errors.ts';

/** What a publisher's connection tells when it asks to publish. */
export interface PublishRequest {
  /** As sent by the encoder, without query string. Never logged whole. */
  readonly streamKey: string;
  readonly connectionId: string;
  readonly remoteAddress: string;
  /** What the encoder calls itself (RTMP flashVer, @setDataFrame encoder), or null. */
  readonly encoder: string | null;
}

/** How lives reaches back to a publisher's connection. Must not throw, and may be called more than once. */
export interface PublisherConnection {
  /**
   * Reads what has come and is not read yet, a goodbye or an end above all: before this turn of the event loop and the next are over, or, where it is on
   * another thread, before it resolves.
   */
  readNow(): Promise<void> | void;
  /**
   * Only where its frames are packaged on another thread: resolves when all that have come are put out. None that come later are: the connection is to be
   * closed then.
   */
  finish?(): Promise<void>;
  /** Only where its frames are packaged: media that arrives after this call is discarded; the connection stays. */
  stopMedia?(): void;
  /** Send the status that belongs to the code, then close. Media that arrives after this call is discarded. */
  close(code: RefusalCode): void;
}

/** Why a publication's connection is over. `unpublished` is the clean end (deleteStream, FCUnpublish, closeStream); all others wait the reconnect window. */
export type PublicationEnd = 'unpublished' | 'disconnected' | 'timed_out' | 'protocol_error';

/** An accepted publisher: its frames go to `sink`. */
export interface Publication {
  readonly videoUuid: string;
  readonly sessionId: string;
  readonly sink: AccessUnitSink;
  /** The connection is over; idempotent, and later calls to the sink are harmless. `detail` tells more of the reason. */
  end(reason: PublicationEnd, detail?: string): void;
}

/** What makes a publisher's frames into parts. */
export interface Packaging {
  readonly sink: AccessUnitSink;
  /** Puts out what is whole; later calls to it and to the sink are harmless. */
  close(): void;
}

/** What packaging begins with: the session's clock, where its parts go, and whether there were others before them. */
export interface PackagingStart {
  readonly clock: SessionClock;
  readonly output: PackagerOutput;
  readonly discontinuity: boolean;
}

/** The door of the room for publishers. */
export interface PublishDoor {
  /** Resolves when the publisher is admitted; rejects with Refused. Never waits for the database. */
  publish(request: PublishRequest, connection: PublisherConnection): Promise<Publication>;
  /** A publisher with this key comes in the place of one that is there, half-dead maybe: it needs no room of its own. */
  replaces(streamKey: string): boolean;
  /** A publisher was refused before it came to the door; null: it had not told a stream key yet. Must not throw. */
  refused(code: RefusalCode, request: PublishRequest | null): void;
}
