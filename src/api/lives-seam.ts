import type { AttemptRow } from '../database/attempts.ts';
import type { LiveRecord, ReplayRecord } from '../database/directory.ts';
import type { Restarts } from '../lives/restarts.ts';

/**
 * The door of the room `lives` for the API. Called after the commit that it tells of, in the order of the commits of one video, so that the
 * in-memory directory of stream keys, settings and privacy stays true.
 */
export interface LivesDoor {
  /** A live was made or changed. Settings of the session on air stay as they were when it began. */
  put(live: LiveRecord): void;
  /** A live was deleted: its publisher is disconnected and recordings that no replay shows are deleted. */
  remove(videoUuid: string): Promise<void>;
  /** A replay was changed. */
  putReplay(replay: ReplayRecord): void;
  /** A replay was deleted, and its recording goes with it. */
  removeReplay(replay: { videoUuid: string; sessionId: string }): Promise<void>;
  /** A live by its number or UUID, and who it belongs to, without a database. */
  find(reference: { id: number } | { uuid: string }): { uuid: string; ownerId: number } | null;
  /** The newest tries to publish, of a live, newest first. */
  readonly attempts: { of(videoUuid: string): readonly AttemptRow[] };
  /** Sessions that are to end, so that their encoders connect again. */
  readonly restarts: Pick<Restarts, 'plan' | 'list' | 'cancel'>;
  /** How many watch now, where somebody counts. */
  viewers?(videoUuid: string): number;
}
