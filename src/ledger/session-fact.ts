/**
 * All that is known of a session at one revision: facts carry the whole, so that the newest one of a session is enough, applying one
 * twice changes nothing, and a lost older one does not matter. Times are milliseconds of the Unix epoch.
 */
export interface SessionFact {
  /** UUIDv7 of the session; its recording and its replay video have the same. */
  readonly sessionId: string;
  /** Grows by one with every fact of the session, from 1. */
  readonly revision: number;
  readonly videoUuid: string;
  readonly state: 'open' | 'interrupted' | 'ended';
  readonly startedAt: number;
  /** Set when, and only when, state is `ended`. */
  readonly endedAt: number | null;
  /** Why it ended, such as `unpublished`, `window_elapsed`, `taken_over`, `live_deleted`, `server_crashed`. */
  readonly endReason: string | null;
  /** LiveVideoSession.error of the REST contract (1 to 9), or null. */
  readonly error: number | null;
  readonly errorDetail: string | null;
  /** When the newest interruption began, while state is `interrupted`. */
  readonly interruptedAt: number | null;
  readonly gaps: readonly { readonly beganAt: number; readonly endedAt: number }[];
  /** The session's own copy of the live's settings, taken when it began. */
  readonly permanent: boolean;
  readonly saveReplay: boolean;
  readonly replayPrivacy: number | null;
  readonly reconnectWindowMs: number;
  /** What the recording holds, as of this fact. Duration is of media: gaps do not count. */
  readonly recordedBytes: number;
  readonly recordedMs: number;
  readonly width: number | null;
  readonly height: number | null;
}
