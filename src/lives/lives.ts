import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { LiveRecord, ReplayRecord } from '../database/directory.ts';
import { Refused } from '../errors.ts';
import type { SessionFact } from '../ledger/session-fact.ts';
import { maskKey } from '../log.ts';
import type { Logger } from '../log.ts';
import { BlockPool } from '../packager/block-pool.ts';
import type { RecordingMeta } from '../recording/layout.ts';
import type { Recording } from '../recording/recording.ts';
import { addToTimeline, readTimelineEnd, recordedTotals } from '../recording/stored-recording.ts';
import type { StoredRecording } from '../recording/stored-recording.ts';
import type { Publication, PublishDoor, PublisherConnection, PublishRequest } from './door.ts';
import { EdgeStates, FIRST_START } from './edge-state.ts';
import { Live } from './live.ts';
import type { LiveWorld } from './live.ts';
import { LiveEdge } from './live-edge.ts';
import { RecordingShelf } from './recording-shelf.ts';

/** How often recordings that no window holds any more are looked for. */
const SWEEP_MS = 30_000;

export interface LivesOptions {
  readonly dataDirectory: string;
  readonly log: Logger;
  readonly partMs: number;
  readonly segmentMinMs: number;
  readonly segmentMaxMs: number;
  readonly reconnectWindowMs: number;
  readonly dvrMaxWindowS: number;
  readonly writeFact: (fact: SessionFact) => void;
  readonly now?: () => number;
}

/** What a player may ask for under a video's UUID. */
export type Playback =
  | { readonly kind: 'live'; readonly privacy: number; readonly ownerId: number; readonly edge: LiveEdge }
  | { readonly kind: 'replay'; readonly privacy: number; readonly ownerId: number; readonly sessionId: string };

/** A recording without a replay: it goes when its segments have left the live's window, or the window's time has passed. */
interface Passing {
  readonly videoUuid: string;
  readonly sessionId: string;
  /** Sequence of its last segment in the live's playlist. */
  readonly lastSequence: number;
  readonly endedAt: number;
}

/** All lives and replays of the server, in memory: who may publish, what may be watched, and what is on air. */
export class Lives implements PublishDoor {
  readonly shelf: RecordingShelf;
  readonly #options: LivesOptions;
  readonly #log: Logger;
  readonly #world: LiveWorld;
  readonly #states: EdgeStates;
  readonly #byUuid = new Map<string, Live>();
  /** By SHA-256 of the stream key: looking one up takes the same time whatever it shares with a true one. */
  readonly #byKey = new Map<string, Live>();
  readonly #replays = new Map<string, ReplayRecord>();
  readonly #replayOfSession = new Map<string, ReplayRecord>();
  /** Which live a session's media belongs to, while its playlist may name it. */
  readonly #liveOfSession = new Map<string, Live>();
  #passing: Passing[] = [];
  #sweep: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: LivesOptions) {
    this.#options = options;
    this.#log = options.log;
    this.shelf = new RecordingShelf(join(options.dataDirectory, 'recordings'), options.log);
    this.#states = new EdgeStates(join(options.dataDirectory, 'lives'));
    this.#world = {
      now: options.now ?? Date.now,
      log: options.log,
      pool: new BlockPool(),
      recordings: this.shelf.directory,
      partMs: options.partMs,
      segmentMinMs: options.segmentMinMs,
      segmentMaxMs: options.segmentMaxMs,
      reconnectWindowMs: options.reconnectWindowMs,
      dvrMaxWindowS: options.dvrMaxWindowS,
      writeFact: options.writeFact,
      recordingClosed: (live, recording, done) => this.#recordingClosed(live, recording, done),
    };
  }

  /** Loads what there is: lives and replays as the database has them, sessions that were open when the last process ended, and the recordings on disk. */
  async start(directory: { lives: readonly LiveRecord[]; replays: readonly ReplayRecord[] }, openSessions: readonly SessionFact[]): Promise<void> {
    await this.shelf.start();
    await this.#states.start();
    for (const replay of directory.replays) this.putReplay(replay);
    const open = new Map(openSessions.map((fact) => [fact.sessionId, fact]));
    const recordings = new Map<string, RecordingMeta[]>();
    for (const meta of await this.shelf.list()) recordings.set(meta.videoUuid, [...(recordings.get(meta.videoUuid) ?? []), meta]);
    for (const record of directory.lives) {
      await this.#load(record, recordings.get(record.videoUuid) ?? [], open);
    }
    for (const fact of open.values()) await this.#endOrphan(fact);
    this.#sweep = setInterval(() => this.#sweepPassing(), SWEEP_MS);
  }

  /** Closes every session so that the next process can take it up again. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#sweep !== null) clearInterval(this.#sweep);
    for (const live of this.#byUuid.values()) live.close();
    await this.shelf.settled();
    for (const live of this.#byUuid.values()) live.edge.clear();
  }

  /** How many lives there are, and how many are on air. */
  count(): { lives: number; onAir: number } {
    let onAir = 0;
    for (const live of this.#byUuid.values()) if (live.edge.timeline.online) onAir += 1;
    return { lives: this.#byUuid.size, onAir };
  }

  publish(request: PublishRequest, connection: PublisherConnection): Promise<Publication> {
    const { connectionId, remoteAddress, encoder } = request;
    const story = { connection: connectionId, address: remoteAddress, encoder, key: maskKey(request.streamKey) };
    try {
      if (this.#closed) throw new Refused('server_closing');
      const live = this.#byKey.get(hashKey(request.streamKey));
      if (live === undefined) throw new Refused('unknown_key');
      const publication = live.publish(request, connection);
      this.#liveOfSession.set(publication.sessionId, live);
      this.#log.info({ ...story, live: publication.videoUuid, session: publication.sessionId }, 'publisher accepted');
      return Promise.resolve(publication);
    } catch (error) {
      if (error instanceof Refused) {
        this.#log.info({ ...story, code: error.code }, 'publisher refused');
        return Promise.reject(error);
      }
      this.#log.error({ ...story, err: error }, 'publisher could not be admitted');
      return Promise.reject(new Refused('recording_failed', { cause: error }));
    }
  }

  /** What there is to watch under a video's UUID, or null. */
  playback(videoUuid: string): Playback | null {
    const live = this.#byUuid.get(videoUuid);
    if (live !== undefined) return { kind: 'live', privacy: live.record.privacy, ownerId: live.record.ownerId, edge: live.edge };
    const replay = this.#replays.get(videoUuid);
    return replay === undefined ? null : { kind: 'replay', privacy: replay.privacy, ownerId: replay.ownerId, sessionId: replay.sessionId };
  }

  /** Whose media a session's recording is: for the rights to it, and its newest parts. Null when nobody may ask for it any more. */
  ownerOfMedia(sessionId: string): { privacy: number; ownerId: number; edge: LiveEdge | null } | null {
    const replay = this.#replayOfSession.get(sessionId);
    const live = this.#liveOfSession.get(sessionId);
    const record = replay ?? live?.record;
    if (record === undefined) return null;
    return { privacy: record.privacy, ownerId: record.ownerId, edge: live?.edge ?? null };
  }

  put(record: LiveRecord): void {
    const live = this.#byUuid.get(record.videoUuid);
    if (live === undefined) {
      this.#add(new Live(record, new LiveEdge(FIRST_START), this.#world));
      return;
    }
    this.#byKey.delete(hashKey(live.record.streamKey));
    this.#byKey.set(hashKey(record.streamKey), live);
    live.record = record;
  }

  async remove(videoUuid: string): Promise<void> {
    const live = this.#byUuid.get(videoUuid);
    if (live === undefined) return;
    live.remove();
    this.#forget(live);
    const gone = this.#passing.filter((passing) => passing.videoUuid === videoUuid);
    this.#passing = this.#passing.filter((passing) => passing.videoUuid !== videoUuid);
    for (const { sessionId } of gone) await this.#removeRecording(sessionId);
    await this.#states.remove(videoUuid);
  }

  putReplay(replay: ReplayRecord): void {
    this.#replays.set(replay.videoUuid, replay);
    this.#replayOfSession.set(replay.sessionId, replay);
    // A live that is not permanent becomes its replay: what was the live's playlist is the replay's from here on.
    const live = this.#byUuid.get(replay.videoUuid);
    if (live !== undefined && live.session === null) this.#forget(live);
  }

  async removeReplay(replay: { videoUuid: string; sessionId: string }): Promise<void> {
    this.#replays.delete(replay.videoUuid);
    this.#replayOfSession.delete(replay.sessionId);
    await this.#removeRecording(replay.sessionId);
  }

  async #load(record: LiveRecord, metas: readonly RecordingMeta[], open: Map<string, SessionFact>): Promise<void> {
    const stored: StoredRecording[] = [];
    for (const meta of metas) {
      try {
        stored.push(await this.shelf.read(meta.sessionId, !open.has(meta.sessionId)));
      } catch (error) {
        this.#log.error({ live: record.videoUuid, session: meta.sessionId, err: error }, 'recording could not be read');
      }
    }
    const kept = newestInARow(stored);
    const state = await this.#states.read(record.videoUuid);
    const first = kept[0]?.meta;
    const start = first === undefined ? state : { ...first, targetDuration: Math.max(first.targetDuration, state.targetDuration) };
    const edge = new LiveEdge(start);
    const live = new Live(record, edge, this.#world);
    for (const recording of kept) {
      addToTimeline(edge.timeline, recording);
      this.#liveOfSession.set(recording.meta.sessionId, live);
      const { sessionId } = recording.meta;
      const lastSequence = edge.timeline.segments.next - 1;
      const endedAt = recording.segments.at(-1)?.programDateTimeMs ?? recording.meta.startedAt;
      if (!recording.meta.saveReplay && !open.has(sessionId)) this.#passing.push({ videoUuid: record.videoUuid, sessionId, lastSequence, endedAt });
    }
    edge.timeline.runOpen = false;
    edge.timeline.trim(live.windowTicks);
    this.#add(live);
    for (const recording of kept) {
      const fact = open.get(recording.meta.sessionId);
      if (fact === undefined) continue;
      open.delete(fact.sessionId);
      live.recover(fact, recording, await readTimelineEnd(recording));
    }
  }

  /** A session was open whose live is gone, or whose recording cannot be read: it ends at what is known. */
  async #endOrphan(fact: SessionFact): Promise<void> {
    let totals = { bytes: fact.recordedBytes, ms: fact.recordedMs, width: fact.width, height: fact.height };
    try {
      totals = recordedTotals(await this.shelf.read(fact.sessionId, true));
    } catch (error) {
      this.#log.error({ session: fact.sessionId, err: error }, 'recording of an open session could not be read');
    }
    const endedAt = fact.interruptedAt ?? fact.startedAt + totals.ms;
    this.#options.writeFact({
      ...fact,
      revision: fact.revision + 1,
      state: 'ended',
      endedAt,
      endReason: 'server_stopped',
      interruptedAt: null,
      recordedBytes: totals.bytes,
      recordedMs: totals.ms,
      width: totals.width,
      height: totals.height,
    });
  }

  #recordingClosed(live: Live, recording: Recording, done: Promise<void>): void {
    const { sessionId, saveReplay } = recording.meta;
    const { timeline } = live.edge;
    const { videoUuid } = live.record;
    const state = { mediaSequence: timeline.segments.next, discontinuitySequence: timeline.discontinuitySequence, targetDuration: timeline.targetDuration };
    const kept = done
      .then(() => this.#states.write(videoUuid, state))
      .catch((error: unknown) => this.#log.error({ live: videoUuid, err: error }, 'playlist state could not be kept'));
    this.shelf.closing(sessionId, kept);
    if (saveReplay || this.#closed) return;
    this.#passing.push({ videoUuid, sessionId, lastSequence: timeline.segments.next - 1, endedAt: this.#world.now() });
  }

  /** Deletes recordings without a replay when their segments have left the window, or have been in it for its whole length. */
  #sweepPassing(): void {
    const now = this.#world.now();
    const stay: Passing[] = [];
    for (const passing of this.#passing) {
      const live = this.#byUuid.get(passing.videoUuid);
      const windowMs = live === undefined ? 0 : live.windowTicks / 90;
      const left = live === undefined || passing.lastSequence < live.edge.timeline.segments.first;
      if (!left && now < passing.endedAt + windowMs) {
        stay.push(passing);
        continue;
      }
      live?.edge.timeline.trimTo(passing.lastSequence + 1);
      void this.#removeRecording(passing.sessionId).catch((error: unknown) => {
        this.#log.error({ session: passing.sessionId, err: error }, 'recording could not be deleted');
      });
    }
    this.#passing = stay;
  }

  /** Deletes a recording; a live's playlist that still names it is cut behind it. */
  async #removeRecording(sessionId: string): Promise<void> {
    const live = this.#liveOfSession.get(sessionId);
    this.#liveOfSession.delete(sessionId);
    if (live !== undefined) {
      const { timeline } = live.edge;
      const { segments } = timeline;
      for (let sequence = segments.next - 1; sequence >= segments.first; sequence -= 1) {
        if (!timeline.runOf(sequence).baseUri.includes(sessionId)) continue;
        timeline.trimTo(sequence + 1);
        live.edge.changed();
        break;
      }
    }
    await this.shelf.remove(sessionId);
  }

  #add(live: Live): void {
    this.#byUuid.set(live.record.videoUuid, live);
    this.#byKey.set(hashKey(live.record.streamKey), live);
  }

  #forget(live: Live): void {
    this.#byUuid.delete(live.record.videoUuid);
    if (this.#byKey.get(hashKey(live.record.streamKey)) === live) this.#byKey.delete(hashKey(live.record.streamKey));
    live.edge.clear();
  }
}

function hashKey(streamKey: string): string {
  return createHash('sha256').update(streamKey).digest('base64');
}

/** The newest recordings whose media sequence numbers follow one on another: only those can stand in one playlist. */
function newestInARow(stored: readonly StoredRecording[]): StoredRecording[] {
  const row: StoredRecording[] = [];
  for (let i = stored.length - 1; i >= 0; i -= 1) {
    const recording = stored[i];
    const after = row[0];
    if (after !== undefined && recording.meta.mediaSequence + recording.segments.length !== after.meta.mediaSequence) break;
    row.unshift(recording);
  }
  return row;
}
