import type { LiveRecord } from '../database/directory.ts';
import type { SessionFact } from '../ledger/session-fact.ts';
import type { Logger } from '../log.ts';
import type { RecordingMeta } from '../recording/layout.ts';
import { recordedTotals } from '../recording/stored-recording.ts';
import { endOf } from './recorded-window.ts';
import type { RecordingShelf } from './recording-shelf.ts';
import { UNKNOWN_ERROR } from './session-machine.ts';

export interface OrphanWorld {
  readonly shelf: RecordingShelf;
  readonly writeFact: (fact: SessionFact) => void;
  readonly log: Logger;
}

/** What is known of a session that only its recording tells of. */
export function untold({ sessionId, videoUuid, startedAt, saveReplay }: RecordingMeta, record: LiveRecord): SessionFact {
  const { permanent, replayPrivacy, reconnectWindowMs } = record;
  const nothing = { endedAt: null, endReason: null, error: null, errorDetail: null, interruptedAt: null, gaps: [] };
  const recorded = { recordedBytes: 0, recordedMs: 0, width: null, height: null };
  const settings = { permanent, saveReplay, replayPrivacy, reconnectWindowMs: reconnectWindowMs ?? 0 };
  return { sessionId, revision: 0, videoUuid, state: 'open', startedAt, ...nothing, ...settings, ...recorded };
}

/** Ends a session that was open and that no live can go on with: its live is gone, or its recording cannot be read. It ends at what is known, and tells what is lost. */
export async function endOrphan(fact: SessionFact, { shelf, writeFact, log }: OrphanWorld): Promise<void> {
  let totals = { bytes: fact.recordedBytes, ms: fact.recordedMs, width: fact.width, height: fact.height };
  let recordedUntil = fact.startedAt + totals.ms;
  let lost: string | null = null;
  try {
    const stored = await shelf.readKnown(fact);
    totals = recordedTotals(stored);
    recordedUntil = endOf(stored) ?? fact.startedAt;
    if (totals.ms === 0 && fact.recordedMs > 0) lost = 'the recording is lost: nothing of it was on the disk';
  } catch (error) {
    log.error({ session: fact.sessionId, err: error }, 'recording of an open session could not be read');
    lost = `the recording could not be read: ${(error as Error).message}`;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') totals = { bytes: 0, ms: 0, width: null, height: null };
  }
  writeFact({
    ...fact,
    revision: fact.revision + 1,
    state: 'ended',
    endedAt: Math.max(fact.interruptedAt ?? recordedUntil, fact.startedAt),
    endReason: 'server_stopped',
    ...(lost === null ? {} : { error: UNKNOWN_ERROR, errorDetail: lost }),
    interruptedAt: null,
    recordedBytes: totals.bytes,
    recordedMs: totals.ms,
    width: totals.width,
    height: totals.height,
  });
}
