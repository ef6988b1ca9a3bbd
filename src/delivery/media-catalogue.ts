import type { MediaOwners, Playback } from '../lives/playback.ts';
import type { StoredRecording } from '../recording/stored-recording.ts';

/** What delivery asks of the lives: what there is to watch, and whose it is. */
export interface MediaCatalogue {
  /** Directory of all recordings. */
  readonly recordings: string;
  /** Resolves when `playback`, or `ownersOfMedia`, can tell; null when there is nothing to wait for. */
  loading(of: { readonly videoUuid: string } | { readonly sessionId: string }): Promise<void> | null;
  /** What there is to watch under a video's UUID, or null. */
  playback(videoUuid: string): Playback | null;
  /** Whose media a session's recording is, or null. */
  ownersOfMedia(sessionId: string): MediaOwners | null;
  /** The recording of a session that has ended. Rejects with ENOENT when there is none any more. */
  readRecording(sessionId: string): Promise<StoredRecording>;
}
