import type { SessionFact } from '../ledger/session-fact.ts';
import type { Logger } from '../log.ts';
import type { BlockPool } from '../packager/block-pool.ts';
import type { Disk } from '../recording/disk.ts';
import type { Attempt } from './attempt.ts';

export interface LivesOptions {
  readonly dataDirectory: string;
  readonly log: Logger;
  readonly partMs: number;
  readonly segmentMinMs: number;
  readonly segmentMaxMs: number;
  readonly reconnectWindowMs: number;
  readonly dvrMaxWindowS: number;
  readonly playlistWindowS: number;
  readonly writeFact: (fact: SessionFact) => void;
  /** Bytes of media were handed to the kernel. */
  readonly written?: (bytes: number) => void;
  /** A live or a replay was put or removed. */
  readonly directoryChanged?: (videoUuid: string) => void;
  /** Hears of every try to publish; must not throw. */
  readonly attempted?: (attempt: Attempt) => void;
  readonly now?: () => number;
  /** How soon a disk that refused a recording is tried again. */
  readonly recordingRetryMs?: number;
  /** What recordings are written with; Node's own pool of threads when not set. */
  readonly disk?: Disk;
  /** Memory for media; one of its own when not set. */
  readonly pool?: BlockPool;
}
