import type { RefusalCode } from '../errors.ts';
import type { PublicationEnd, PublishRequest } from '../lives/door.ts';
import type { InitSegment, Part } from '../packager/packager.ts';
import type { ClockSnapshot } from '../packager/session-clock.ts';
import type { RtmpLimits } from '../rtmp/limits.ts';
import type { CloseMessage } from '../threads/supervised-threads.ts';

/** What a thread of ingest begins with. */
export interface IngestData {
  readonly host: string;
  readonly port: number;
  readonly reusePort: boolean;
  readonly logLevel: string;
  readonly limits: {
    readonly rtmp?: RtmpLimits;
    readonly handshakeMs: number;
    readonly publishMs: number;
    readonly readMs: number;
    readonly strangers: number;
  };
  readonly partMs: number;
  readonly segmentMinMs: number;
  readonly segmentMaxMs: number;
}

/** What a connection's packager begins with. */
export interface AdmittedPublication {
  readonly videoUuid: string;
  readonly sessionId: string;
  readonly clock: ClockSnapshot;
  readonly discontinuity: boolean;
}

/** A part in memory that both threads see; it stays as it is until its hold is given back. */
export type SharedPart = Omit<Part, 'block'> & { readonly memory: number; readonly hold: number };

/** What a thread counts of its connections. */
export interface IngestCounts {
  readonly connections: number;
  readonly turnedAway: number;
  readonly receivedBytes: number;
}

/** `publication` is the thread's number for one request to publish, and for what comes of it. */
export type ToIngest =
  | { readonly kind: 'admitted'; readonly publication: number; readonly admitted: AdmittedPublication }
  | { readonly kind: 'refused'; readonly publication: number; readonly code: RefusalCode }
  /** Read what has come; then say `done`. */
  | { readonly kind: 'read'; readonly publication: number; readonly question: number }
  /** Put out what is whole, and nothing more; then say `done`. */
  | { readonly kind: 'finish'; readonly publication: number; readonly question: number }
  | { readonly kind: 'close_connection'; readonly publication: number; readonly code: RefusalCode }
  | { readonly kind: 'release'; readonly holds: readonly number[] }
  | CloseMessage;

/** One message of a turn of the thread's event loop. */
export type IngestEvent =
  | { readonly kind: 'publish'; readonly publication: number; readonly request: PublishRequest }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly request: PublishRequest | null }
  /** Memory that parts will lie in, known by its number until it is forgotten. */
  | { readonly kind: 'memory'; readonly memory: number; readonly bytes: Uint8Array }
  | { readonly kind: 'forget'; readonly memory: number }
  | { readonly kind: 'init'; readonly publication: number; readonly init: InitSegment; readonly discontinuity: boolean }
  | { readonly kind: 'part'; readonly publication: number; readonly part: SharedPart; readonly clock: ClockSnapshot }
  | { readonly kind: 'end_segment'; readonly publication: number }
  | {
      readonly kind: 'ended';
      readonly publication: number;
      readonly reason: PublicationEnd;
      readonly detail: string | undefined;
      readonly clock: ClockSnapshot;
    }
  | { readonly kind: 'done'; readonly question: number }
  | { readonly kind: 'counts'; readonly counts: IngestCounts };

/** What a thread says, all of a turn at once. */
export interface FromIngest {
  readonly kind: 'events';
  readonly events: readonly IngestEvent[];
}
