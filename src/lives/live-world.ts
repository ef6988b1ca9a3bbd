import type { SessionFact } from '../ledger/session-fact.ts';
import type { Logger } from '../log.ts';
import type { BlockPool } from '../packager/block-pool.ts';
import type { TimelineStart } from '../packager/media-timeline.ts';
import type { Disk } from '../recording/disk.ts';
import type { Live } from './live.ts';
import type { SessionRecorder } from './session-recorder.ts';
import type { Tally } from './tally.ts';

/** What a live works with, the same for all lives of a server. */
export interface LiveWorld {
  readonly now: () => number;
  readonly log: Logger;
  readonly pool: BlockPool;
  readonly tally: Tally;
  /** Directory of all recordings. */
  readonly recordings: string;
  readonly partMs: number;
  readonly segmentMinMs: number;
  readonly segmentMaxMs: number;
  readonly reconnectWindowMs: number;
  readonly dvrMaxWindowS: number;
  /** What a playlist lists at the least. */
  readonly playlistWindowS: number;
  /** Keeps a fact for good; must not throw. */
  readonly writeFact: (fact: SessionFact) => void;
  readonly recordingRetryMs: number;
  readonly disk: Disk;
  /** Keeps where the playlist of a live stands, or will stand for sure; must not throw. */
  readonly keepPlace: (videoUuid: string, place: TimelineStart) => void;
  /** Bytes of media were handed to the kernel. */
  readonly written: (bytes: number) => void;
  /** A session's recording is closed: at the end, or for the next process. */
  readonly recordingClosed: (live: Live, recorder: SessionRecorder, done: Promise<void>) => void;
}
