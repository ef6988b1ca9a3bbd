import type { LiveRecord } from '../database/directory.ts';
import type { SessionFact } from '../ledger/session-fact.ts';
import type { RecordingMeta } from '../recording/layout.ts';
import { addToTimeline, readTimelineEnd } from '../recording/stored-recording.ts';
import type { StoredRecording } from '../recording/stored-recording.ts';
import type { EdgeStates } from './edge-state.ts';
import { listedBy } from './edge-state.ts';
import { Live, windowTicksOf } from './live.ts';
import type { LiveWorld } from './live.ts';
import { LiveEdge } from './live-edge.ts';
import { endOf, newestVolumes, sequenceAfter, sequencePast, startOf, ticksOf } from './recorded-window.ts';
import type { RecordingShelf } from './recording-shelf.ts';

export interface LoadLiveOptions {
  readonly record: LiveRecord;
  /** Of all recordings of the live. */
  readonly metas: readonly RecordingMeta[];
  /** Facts of sessions that were open when the last process ended, by session. */
  readonly open: ReadonlyMap<string, SessionFact>;
  readonly shelf: RecordingShelf;
  readonly states: EdgeStates;
  readonly world: LiveWorld;
}

export interface LoadedLive {
  readonly live: Live;
  /** Sessions whose recordings stand in the playlist, oldest first, each with the media sequence number of its last segment. */
  readonly sessions: readonly { readonly meta: RecordingMeta; readonly lastSequence: number; readonly endedAt: number }[];
  /** The session that waits for its publisher again, or null. */
  readonly resumedId: string | null;
}

/** A live as the last process left it: its playlist from the newest recordings, and the session that was open taken up again. */
export async function loadLive(options: LoadLiveOptions): Promise<LoadedLive> {
  const { record, open, shelf, states, world } = options;
  const { videoUuid } = record;
  const fact = options.metas.map((meta) => open.get(meta.sessionId)).findLast((candidate) => candidate !== undefined);
  const kept = await states.read(videoUuid, world.now());
  const { stored, state } = await readNewest(options, kept);
  const newest = stored.at(-1);
  const resumable =
    newest !== undefined && fact?.sessionId === newest.meta.sessionId && !newest.ended && !record.ended ? newest : null;
  // A live that is not permanent has been broadcast when its session can not go on, whatever the database knows yet.
  const isOver = record.ended || (fact !== undefined && resumable === null && !fact.permanent && !record.permanent);

  const edge = new LiveEdge(startOf(stored, state));
  const live = new Live({ ...record, ended: isOver }, edge, world);
  const sessions = stored.map((recording) => {
    addToTimeline(edge.timeline, recording);
    const endedAt = endOf(recording) ?? recording.meta.startedAt;
    return { meta: recording.meta, lastSequence: edge.timeline.segments.next - 1, endedAt };
  });
  edge.timeline.runOpen = false;
  // A window that was made longer begins where it began: numbers do not go back, and what was behind it may be gone.
  edge.timeline.trim(Math.min(live.windowTicks, kept.windowTicks ?? Infinity));
  edge.timeline.trimTo(Math.min(kept.first ?? 0, edge.timeline.segments.next));
  if (edge.timeline.segments.next !== kept.mediaSequence) await states.write(videoUuid, edge.timeline.end);
  if (kept.windowTicks !== live.windowTicks) void states.list(videoUuid, edge.timeline.end, listedBy(live)); // tried again until it is kept: nobody waits for it

  let resumedId: string | null = null;
  if (resumable !== null && fact !== undefined) {
    try {
      const whole = await shelf.read(fact.sessionId, false);
      live.recover(fact, whole, await readTimelineEnd(whole));
      resumedId = fact.sessionId;
    } catch (error) {
      world.log.error({ live: videoUuid, session: fact.sessionId, err: error }, 'session could not be taken up again');
    }
  }
  return { live, sessions, resumedId };
}

/**
 * The newest recordings that follow one on another without a gap in their media sequence numbers, as many as the window holds: only those can
 * stand in one playlist. And where the playlist begins if there are none: never before a number that was given out.
 */
async function readNewest(
  { record, metas, open, shelf, world }: LoadLiveOptions,
  state: Awaited<ReturnType<EdgeStates['read']>>,
): Promise<{ stored: StoredRecording[]; state: typeof state }> {
  const windowTicks = windowTicksOf(record, world);
  const stored: StoredRecording[] = [];
  const known = new Set(metas.map(({ sessionId }) => sessionId));
  const lost = [...open.values()].find((fact) => fact.videoUuid === record.videoUuid && !known.has(fact.sessionId));
  if (lost !== undefined) {
    // Its recording is lost, or cannot be read: it was on air behind what is kept, and nobody knows how far.
    const past = sequencePast({ mediaSequence: state.mediaSequence, startedAt: lost.startedAt }, world.now());
    return { stored, state: { ...state, mediaSequence: past, discontinuitySequence: past } };
  }
  let ticks = 0;
  for (const meta of [...metas].sort(bySequence).reverse()) {
    if (stored.length > 0 && ticks >= windowTicks) break;
    let recording: StoredRecording;
    try {
      recording = await shelf.read(meta.sessionId, !open.has(meta.sessionId));
    } catch (error) {
      world.log.error({ live: record.videoUuid, session: meta.sessionId, err: error }, 'recording could not be read');
      if (stored.length > 0) break;
      const past = sequencePast(meta, world.now());
      return {
        stored,
        state: past > state.mediaSequence ? { ...state, mediaSequence: past, discontinuitySequence: past } : state,
      };
    }
    const next = stored[0]?.meta.mediaSequence;
    // Behind the newest there may have been one that is deleted: its numbers must not be given out again.
    if (next === undefined ? sequenceAfter(recording) < state.mediaSequence : sequenceAfter(recording) !== next) break;
    stored.unshift(newestVolumes(recording, windowTicks - ticks));
    ticks += ticksOf(recording);
  }
  return { stored, state };
}

function bySequence(a: RecordingMeta, b: RecordingMeta): number {
  return a.mediaSequence - b.mediaSequence || a.startedAt - b.startedAt;
}
