import { hash } from 'node:crypto';
import { join } from 'node:path';
import type { LiveRecord, ReplayRecord } from '../database/directory.ts';
import { Refused } from '../errors.ts';
import type { RefusalCode } from '../errors.ts';
import type { SessionFact } from '../ledger/session-fact.ts';
import { maskKey } from '../log.ts';
import type { Logger } from '../log.ts';
import { BlockPool } from '../packager/block-pool.ts';
import { DISK } from '../recording/disk.ts';
import type { RecordingMeta } from '../recording/layout.ts';
import type { StoredRecording } from '../recording/stored-recording.ts';
import { Attempts } from './attempts.ts';
import type { Attempt } from './attempt.ts';
import type { Publication, PublishDoor, PublisherConnection, PublishRequest } from './door.ts';
import { EdgeStates, FIRST_START, listedBy, newStart } from './edge-state.ts';
import { endOrphan, untold } from './end-orphan.ts';
import { EndedSessions } from './ended-sessions.ts';
import type { EndedSession } from './ended-sessions.ts';
import { holderRead } from './holder-read.ts';
import { Live } from './live.ts';
import type { LiveWorld, StartPackaging } from './live.ts';
import { LiveEdge } from './live-edge.ts';
import { loadLive } from './load-live.ts';
import type { LivesOptions } from './lives-options.ts';
import { LoadingLives } from './loading-lives.ts';
import type { MediaOwners, Playback } from './playback.ts';
import { RecordingShelf } from './recording-shelf.ts';
import { Restarts } from './restarts.ts';
import type { SessionRecorder } from './session-recorder.ts';
import { Tally } from './tally.ts';
import { timeOfUuidv7 } from './uuidv7.ts';

/** How often recordings that no window holds any more are looked for. */
const SWEEP_MS = 30_000;
const RECORDING_RETRY_MS = 2000;
const UNSEEN_REVISIONS = 1000;
/** Lives that are loaded at once at the start. */
const LOADED_AT_ONCE = 8;

/** All lives and replays of the server, in memory: who may publish, what may be watched, and what is on air. */
export class Lives implements PublishDoor {
  readonly shelf: RecordingShelf;
  readonly attempts: Attempts;
  readonly tally = new Tally();
  readonly restarts: Restarts;
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
  readonly #ended = new EndedSessions();
  readonly #loading = new LoadingLives();
  /** Resolves when every live is loaded, and what nobody may ask for is deleted. Set by `start`. */
  loaded: Promise<void> = Promise.resolve();
  /** Recordings that nobody may ask for are deleted one after the other. Never rejects. */
  #removing: Promise<void> = Promise.resolve();
  #sweep: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: LivesOptions) {
    this.#options = options;
    this.#log = options.log;
    this.attempts = new Attempts(options.attempted);
    this.restarts = new Restarts({ lives: this.#byUuid, now: options.now ?? Date.now, log: options.log });
    this.shelf = new RecordingShelf(join(options.dataDirectory, 'recordings'), options.log);
    const retryMs = options.recordingRetryMs ?? RECORDING_RETRY_MS;
    this.#states = new EdgeStates(join(options.dataDirectory, 'lives'), options.log, retryMs);
    this.#world = {
      now: options.now ?? Date.now,
      log: options.log,
      pool: options.pool ?? new BlockPool(),
      tally: this.tally,
      recordings: this.shelf.directory,
      partMs: options.partMs,
      segmentMinMs: options.segmentMinMs,
      segmentMaxMs: options.segmentMaxMs,
      reconnectWindowMs: options.reconnectWindowMs,
      dvrMaxWindowS: options.dvrMaxWindowS,
      playlistWindowS: options.playlistWindowS,
      writeFact: options.writeFact,
      keepPlace: (videoUuid, place) => void this.#states.write(videoUuid, place),
      disk: options.disk ?? DISK,
      recordingRetryMs: retryMs,
      written: (bytes) => {
        this.tally.recordedBytes += bytes;
        options.written?.(bytes);
      },
      recordingClosed: (live, recorder, done) => this.#recordingClosed(live, recorder, done),
    };
  }

  /**
   * Takes in what there is: lives and replays as the database has them, sessions that were open when the last process ended, and the recordings on disk. Each
   * live is made whole in the background, those first that are asked for: a publisher, and a player, waits for its own live and for no other. `facts` are
   * the ledger's: the newest of each session that was open, or whose end the database does not have yet.
   */
  async start(
    directory: { lives: readonly LiveRecord[]; replays: readonly ReplayRecord[] },
    facts: readonly SessionFact[],
  ): Promise<void> {
    await this.shelf.start();
    await this.#states.start();
    for (const replay of directory.replays) this.putReplay(replay);
    // Beyond every revision that the last process can have told the database while its disk took no facts.
    const open = new Map(
      facts
        .filter(({ state }) => state !== 'ended')
        .map((fact) => [fact.sessionId, { ...fact, revision: fact.revision + UNSEEN_REVISIONS }]),
    );
    const told = new Set(facts.map(({ sessionId }) => sessionId));
    const metas = new Map<string, RecordingMeta[]>();
    for (const meta of await this.shelf.list()) metas.set(meta.videoUuid, [...(metas.get(meta.videoUuid) ?? []), meta]);
    for (const record of directory.lives) {
      const its = metas.get(record.videoUuid) ?? [];
      metas.delete(record.videoUuid);
      const sessionIds = its.map(({ sessionId }) => sessionId);
      this.#loading.add(record, hashKey(record.streamKey), sessionIds, (newest) => this.#load(newest, its, open, told));
    }
    this.loaded = this.#loading.run(LOADED_AT_ONCE).then(async () => {
      if (this.#closed) return;
      for (const fact of open.values())
        await endOrphan(fact, { shelf: this.shelf, writeFact: this.#options.writeFact, log: this.#log });
      // Of lives that are gone. One whose session asked for a replay stays, whatever the database says.
      for (const meta of [...metas.values()].flat()) if (!this.#isKept(meta)) await this.shelf.remove(meta.sessionId);
      await this.#removing;
    });
    this.#sweep = setInterval(() => this.#sweepEnded(), SWEEP_MS);
  }

  /** Resolves when a live or a session's live is loaded; null when there is nothing to wait for. */
  loading(of: { videoUuid: string } | { sessionId: string }): Promise<void> | null {
    if ('videoUuid' in of) return this.#loading.waitFor(of.videoUuid);
    // What has a replay is there without its live.
    return this.#replayOfSession.has(of.sessionId) ? null : this.#loading.waitForSession(of.sessionId);
  }

  /** Closes every session so that the next process can take it up again. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#sweep !== null) clearInterval(this.#sweep);
    this.restarts.close();
    await this.#loading.close();
    await this.loaded;
    for (const live of this.#byUuid.values()) live.close();
    await this.shelf.settled();
    await this.#states.close();
    for (const live of this.#byUuid.values()) live.edge.clear();
  }

  /** All lives and replays as they were put. */
  directory(): { lives: LiveRecord[]; replays: ReplayRecord[] } {
    const lives = [...Array.from(this.#byUuid.values(), ({ record }) => record), ...this.#loading.records()];
    return { lives, replays: [...this.#replays.values()] };
  }

  /** A live's record, or null. */
  liveRecord(videoUuid: string): LiveRecord | null {
    return this.#byUuid.get(videoUuid)?.record ?? this.#loading.record(videoUuid);
  }

  /** A replay's record, or null. */
  replayRecord(videoUuid: string): ReplayRecord | null {
    return this.#replays.get(videoUuid) ?? null;
  }

  /** How many lives there are, how many are on air, wait for their publisher, and cannot be recorded. */
  count(): { lives: number; onAir: number; interrupted: number; recordingsFailing: number } {
    let [onAir, interrupted, recordingsFailing] = [0, 0, 0];
    for (const live of this.#byUuid.values()) {
      if (live.edge.timeline.online) onAir += 1;
      if (live.session?.state === 'interrupted') interrupted += 1;
      if (live.recordingFails) recordingsFailing += 1;
    }
    return { lives: this.#byUuid.size + this.#loading.size, onAir, interrupted, recordingsFailing };
  }

  /** `startPackaging`: where the frames become parts, when that is not here. */
  async publish(request: PublishRequest, connection: PublisherConnection, startPackaging?: StartPackaging): Promise<Publication> {
    const key = hashKey(request.streamKey);
    await this.#loading.waitForKey(key);
    const known = this.#byKey.get(key);
    let finished: PublisherConnection | null = null;
    try {
      if (known !== undefined) finished = await this.#holderReady(known, request);
      if (this.#closed) throw new Refused('server_closing');
      const live = this.#byKey.get(key);
      if (live === undefined) throw new Refused('unknown_key');
      const publication = live.publish(request, connection, startPackaging);
      this.#liveOfSession.set(publication.sessionId, live);
      this.#attempted('accepted', request, key, publication.sessionId);
      return publication;
    } catch (error) {
      if (error instanceof Refused) {
        this.#attempted(error.code, request, key);
        throw error;
      }
      this.#log.error(
        { connection: request.connectionId, key: maskKey(request.streamKey), err: error },
        'publisher could not be admitted',
      );
      this.#attempted('internal_error', request, key);
      throw new Refused('internal_error', { cause: error });
    } finally {
      // The world has changed meanwhile, and it was not taken over: what puts nothing out any more must not stay.
      if (finished !== null && known?.holder === finished) finished.close('internal_error');
    }
  }

  /** Lets a live's holder read what it was sent, and put out what it has if it is to be taken over; gives the holder that will put out no more. */
  async #holderReady(live: Live, request: PublishRequest): Promise<PublisherConnection | null> {
    await holderRead(live);
    const { holder } = live;
    if (holder?.finish === undefined || !live.wouldTakeOver(request)) return null;
    await holder.finish();
    return holder;
  }

  replaces(streamKey: string): boolean {
    return this.#byKey.get(hashKey(streamKey))?.holder != null;
  }

  refused(code: RefusalCode, request: PublishRequest | null): void {
    if (request === null) this.attempts.count(code);
    else this.#attempted(code, request, hashKey(request.streamKey));
  }

  /** A live by its number or UUID, and who it belongs to; null when there is none. */
  find(reference: { id: number } | { uuid: string }): { uuid: string; ownerId: number } | null {
    const record =
      'uuid' in reference
        ? this.liveRecord(reference.uuid)
        : this.directory().lives.find(({ videoId }) => videoId === reference.id);
    return record ? { uuid: record.videoUuid, ownerId: record.ownerId } : null;
  }

  /** Directory of all recordings. */
  get recordings(): string {
    return this.shelf.directory;
  }

  /** The recording of a session that has ended. Rejects with ENOENT when there is none any more. */
  readRecording(sessionId: string): Promise<StoredRecording> {
    const replay = this.#replayOfSession.get(sessionId);
    if (replay === undefined) return this.shelf.read(sessionId, true);
    return this.shelf.readKnown({ sessionId, videoUuid: replay.videoUuid, startedAt: timeOfUuidv7(sessionId), saveReplay: true });
  }

  /** What there is to watch under a video's UUID, or null. */
  playback(videoUuid: string): Playback | null {
    const live = this.#byUuid.get(videoUuid);
    if (live !== undefined) return { kind: 'live', privacy: live.record.privacy, ownerId: live.record.ownerId, edge: live.edge };
    const replay = this.#replays.get(videoUuid);
    return replay === undefined
      ? null
      : { kind: 'replay', privacy: replay.privacy, ownerId: replay.ownerId, sessionId: replay.sessionId };
  }

  /** Whose media a session's recording is. Null when nobody may ask for it any more. */
  ownersOfMedia(sessionId: string): MediaOwners | null {
    const replay = this.#replayOfSession.get(sessionId);
    const live = this.#liveOfSession.get(sessionId);
    const rights = [replay, live?.record].filter((record) => record !== undefined);
    return rights.length === 0 ? null : { rights, liveUuid: live?.record.videoUuid ?? null, edge: live?.edge ?? null };
  }

  put(record: LiveRecord): void {
    // A live that has become its replay meanwhile is none any more.
    if (this.#replays.has(record.videoUuid)) return;
    const live = this.#byUuid.get(record.videoUuid);
    if (live !== undefined) {
      const before = live.windowTicks;
      this.#dropKey(live);
      live.put(record);
      this.#byKey.set(hashKey(record.streamKey), live);
      if (live.windowTicks > before) this.#list(live);
    } else if (this.#loading.record(record.videoUuid) !== null) {
      this.#loading.put(record, hashKey(record.streamKey));
    } else {
      const made = new Live(record, new LiveEdge(FIRST_START), this.#world);
      this.#add(made);
      this.#list(made);
    }
    this.#options.directoryChanged?.(record.videoUuid);
  }

  async remove(videoUuid: string): Promise<void> {
    await this.#loading.waitFor(videoUuid);
    const live = this.#byUuid.get(videoUuid);
    if (live === undefined) return;
    live.remove();
    const sessions = this.#forget(live);
    this.#options.directoryChanged?.(videoUuid);
    for (const { meta } of sessions) if (!this.#isKept(meta)) await this.shelf.remove(meta.sessionId);
    await this.#states.remove(videoUuid);
  }

  putReplay(replay: ReplayRecord): void {
    this.#replays.set(replay.videoUuid, replay);
    this.#replayOfSession.set(replay.sessionId, replay);
    // A live that is not permanent becomes its replay: what was the live's playlist is the replay's from here on.
    const live = this.#byUuid.get(replay.videoUuid);
    if (live !== undefined && live.session === null) this.#forget(live);
    this.#options.directoryChanged?.(replay.videoUuid);
  }

  async removeReplay(replay: { videoUuid: string; sessionId: string }): Promise<void> {
    const { videoUuid, sessionId } = replay;
    await this.#loading.waitForSession(sessionId);
    this.#replays.delete(videoUuid);
    this.#replayOfSession.delete(sessionId);
    this.#options.directoryChanged?.(videoUuid);
    this.#liveOfSession.delete(sessionId);
    // A playlist that still names its segments is cut behind them.
    for (const { live, lastSequence } of this.#ended.take(({ meta }) => meta.sessionId === sessionId))
      live.edge.cut(lastSequence + 1);
    await this.shelf.remove(sessionId);
  }

  #attempted(code: Attempt['code'], request: PublishRequest, hashedKey: string, sessionId: string | null = null): void {
    const { streamKey, remoteAddress: address, encoder } = request;
    const videoUuid = this.#byKey.get(hashedKey)?.record.videoUuid ?? null;
    this.attempts.add({ videoUuid, at: this.#world.now(), code, key: maskKey(streamKey), address, encoder, sessionId });
  }

  /** Never rejects: a live that can not be read begins anew, behind every number it can have had. */
  async #load(
    record: LiveRecord,
    metas: readonly RecordingMeta[],
    open: Map<string, SessionFact>,
    told: ReadonlySet<string>,
  ): Promise<void> {
    try {
      await this.#loadWhole(record, metas, open, told);
    } catch (error) {
      this.#log.error({ live: record.videoUuid, err: error }, 'live could not be loaded: it begins anew');
      if (!this.#byUuid.has(record.videoUuid))
        this.#add(new Live(record, new LiveEdge(newStart(this.#world.now())), this.#world));
    }
  }

  async #loadWhole(
    record: LiveRecord,
    metas: readonly RecordingMeta[],
    open: Map<string, SessionFact>,
    told: ReadonlySet<string>,
  ): Promise<void> {
    if (this.#replays.has(record.videoUuid)) return;
    const { live, sessions, resumedId } = await loadLive({
      record,
      metas,
      open,
      shelf: this.shelf,
      states: this.#states,
      world: this.#world,
    });
    // Before anybody can publish: a session that follows would end those that are open with what the ledger knew of them last, lost or not.
    for (const fact of [...open.values()]) {
      if (fact.videoUuid !== record.videoUuid) continue;
      open.delete(fact.sessionId);
      if (fact.sessionId !== resumedId)
        await endOrphan(fact, { shelf: this.shelf, writeFact: this.#options.writeFact, log: this.#log });
    }
    const newest = metas.at(-1);
    // Killed before its first fact was on the disk. To a database that knows the session this says nothing new.
    if (newest?.saveReplay === true && !told.has(newest.sessionId) && !this.#replayOfSession.has(newest.sessionId))
      await endOrphan(untold(newest, record), { shelf: this.shelf, writeFact: this.#options.writeFact, log: this.#log });
    this.#add(live);
    const changed = this.#loading.record(record.videoUuid);
    if (changed !== null && changed !== record) {
      this.#dropKey(live);
      live.put(changed);
      this.#add(live);
      this.#list(live);
    }
    if (this.#replays.has(record.videoUuid) && live.session === null) this.#forget(live);
    for (const { meta, lastSequence, endedAt } of sessions) {
      this.#liveOfSession.set(meta.sessionId, live);
      if (meta.sessionId !== resumedId) this.#ended.add({ live, meta, lastSequence, endedAt });
    }
    const unkept = metas.filter(
      (meta) => meta.sessionId !== resumedId && !this.#liveOfSession.has(meta.sessionId) && !this.#isKept(meta),
    );
    // Nobody waits for it: a live's publisher least of all.
    this.#removing = this.#removing.then(async () => {
      for (const { sessionId } of unkept) if (!this.#closed) await this.shelf.remove(sessionId);
    });
  }

  /** Whether a recording is to stay when no live playlist names it: its session asked for a replay, or there is one. */
  #isKept(meta: RecordingMeta): boolean {
    return meta.saveReplay || this.#replayOfSession.has(meta.sessionId);
  }

  #recordingClosed(live: Live, recorder: SessionRecorder, done: Promise<void>): void {
    const { meta } = recorder;
    const { timeline } = live.edge;
    const state = timeline.end;
    this.shelf.closing(meta.sessionId, this.#states.write(meta.videoUuid, state, done));
    if (this.#closed) return;
    if (timeline.segments.next === meta.mediaSequence) {
      this.#liveOfSession.delete(meta.sessionId);
      void this.shelf.removeEmpty(meta.sessionId);
      return;
    }
    this.#ended.add({ live, meta, lastSequence: timeline.segments.next - 1, endedAt: this.#world.now() });
    // What only the memory had is gone with it.
    if (recorder.error !== null) live.edge.cut(timeline.segments.next);
  }

  /** A bug in it is said, and does not end the process. */
  #sweepEnded(): void {
    try {
      this.#sweepOnce();
    } catch (error) {
      this.#log.error({ err: error }, 'sweep failed');
    }
  }

  #sweepOnce(): void {
    const { left, deletable } = this.#ended.sweep(this.#world.now(), (sessionId) => this.#replayOfSession.has(sessionId));
    for (const { live, meta } of left) {
      this.#liveOfSession.delete(meta.sessionId);
      live.letGo();
    }
    for (const { meta } of deletable) void this.shelf.remove(meta.sessionId);
  }

  /** Keeps where the playlist begins: from here on it may grow. */
  #list(live: Live): void {
    void this.#states.list(live.record.videoUuid, live.edge.timeline.end, listedBy(live));
  }

  #add(live: Live): void {
    this.#byUuid.set(live.record.videoUuid, live);
    this.#byKey.set(hashKey(live.record.streamKey), live);
  }

  /** There is no such live any more, nor rights that came from it; gives the sessions its playlist named. */
  #forget(live: Live): EndedSession[] {
    this.#byUuid.delete(live.record.videoUuid);
    this.attempts.forget(live.record.videoUuid);
    this.restarts.cancel(live.record.videoUuid);
    this.#dropKey(live);
    for (const [sessionId, owner] of this.#liveOfSession) if (owner === live) this.#liveOfSession.delete(sessionId);
    live.edge.clear();
    return this.#ended.take((session) => session.live === live);
  }

  #dropKey(live: Live): void {
    const key = hashKey(live.record.streamKey);
    if (this.#byKey.get(key) === live) this.#byKey.delete(key);
  }
}

function hashKey(streamKey: string): string {
  return hash('sha256', streamKey, 'base64');
}
