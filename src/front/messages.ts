import type { Rights } from '../delivery/delivery.ts';
import type { ApplicationAnswer, ApplicationRequest } from '../http/application.ts';
import type { TlsPaths } from '../http/tls-files.ts';
import type { EdgeInit } from '../lives/live-edge.ts';
import type { Run, TimelineFlags, TimelinePart, TimelineSnapshot } from '../packager/media-timeline.ts';
import type { CloseMessage } from '../threads/supervised-threads.ts';
import type { PlayerCounts } from './player-door.ts';

/** What a thread of delivery begins with. */
export interface FrontData {
  readonly host: string;
  readonly port: number;
  readonly reusePort: boolean;
  readonly tls: TlsPaths | null;
  /** Directory of all recordings. */
  readonly recordings: string;
  /** Tells this process's versions of playlists from those of the ones before it. */
  readonly epoch: string;
  readonly logLevel: string;
}

/** A part in memory that both threads see; it stays as it is until its hold is given back. */
export interface SharedPart {
  readonly sessionId: string;
  readonly volume: number;
  readonly start: number;
  readonly end: number;
  readonly duration: number;
  readonly bytes: Uint8Array;
  readonly hold: number;
}

/** What is done to a live edge: see EdgeFollower. */
export type EdgeOperation =
  | { readonly op: 'start_run'; readonly run: Run; readonly firstPartStart: number }
  | {
      readonly op: 'add_part';
      readonly part: TimelinePart;
      readonly programDateTimeMs: number;
      readonly videoFrames: number;
      readonly targetMs: number;
    }
  | { readonly op: 'end_segment' }
  | { readonly op: 'trim_to'; readonly first: number }
  | { readonly op: 'keep_init'; readonly init: EdgeInit }
  | { readonly op: 'add'; readonly part: SharedPart }
  | { readonly op: 'drop'; readonly count: number }
  | { readonly op: 'changed'; readonly flags: TimelineFlags };

/** A live edge as it is now; its operations follow, under the same number. */
export interface EdgeSnapshot {
  readonly timeline: TimelineSnapshot;
  readonly inits: readonly EdgeInit[];
  readonly parts: readonly SharedPart[];
}

export type VideoAnswer =
  | null
  | { readonly kind: 'replay'; readonly privacy: number; readonly ownerId: number; readonly sessionId: string }
  /** `snapshot` is null when the thread has the edge of this number already. */
  | {
      readonly kind: 'live';
      readonly privacy: number;
      readonly ownerId: number;
      readonly edge: number;
      readonly snapshot: EdgeSnapshot | null;
    };

export type SessionAnswer = null | {
  readonly rights: readonly { readonly videoUuid: string; readonly privacy: number; readonly ownerId: number }[];
  readonly liveUuid: string | null;
};

/** What a thread asks, by kind: the question, and what the answer is. */
export interface Questions {
  readonly video: { readonly asks: string; readonly answer: VideoAnswer };
  readonly session: { readonly asks: string; readonly answer: SessionAnswer };
  /** Resolves when a session's files are not being closed any more. */
  readonly closed_recording: { readonly asks: string; readonly answer: null };
  /** Resolves when a recording that was left without its end has got one. */
  readonly recovered_recording: { readonly asks: string; readonly answer: null };
  readonly may_watch: {
    readonly asks: { readonly authorization: string | undefined; readonly rights: Rights };
    readonly answer: boolean;
  };
  readonly application: { readonly asks: ApplicationRequest; readonly answer: ApplicationAnswer };
}

export type QuestionKind = keyof Questions;

export type ToThread =
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string; readonly code: string | undefined }
  | { readonly kind: 'edges'; readonly changes: readonly { readonly edge: number; readonly operation: EdgeOperation }[] }
  /** What was known of this video does not hold any more. */
  | { readonly kind: 'forget'; readonly videoUuid: string }
  /** There is no such edge any more. */
  | { readonly kind: 'gone'; readonly edge: number }
  | { readonly kind: 'count'; readonly id: number }
  | CloseMessage;

export type FromThread =
  | {
      readonly [Kind in QuestionKind]: {
        readonly kind: 'ask';
        readonly id: number;
        readonly question: Kind;
        readonly asks: Questions[Kind]['asks'];
      };
    }[QuestionKind]
  | { readonly kind: 'unwatch'; readonly edge: number }
  | { readonly kind: 'release'; readonly holds: readonly number[] }
  | { readonly kind: 'counts'; readonly id: number; readonly counts: PlayerCounts };
