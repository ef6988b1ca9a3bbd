import type { LiveRecord } from '../database/directory.ts';
import { Refused } from '../errors.ts';
import type { SessionFact } from '../ledger/session-fact.ts';
import type { Logger } from '../log.ts';
import { MEDIA_TIMESCALE } from '../media/track.ts';
import type { BlockPool } from '../packager/block-pool.ts';
import { Packager } from '../packager/packager.ts';
import type { TimelineStart } from '../packager/media-timeline.ts';
import { SessionClock } from '../packager/session-clock.ts';
import type { Disk } from '../recording/disk.ts';
import { recordingDirectory } from '../recording/layout.ts';
import type { StoredRecording } from '../recording/stored-recording.ts';
import type { Packaging, PackagingStart, Publication, PublicationEnd, PublisherConnection, PublishRequest } from './door.ts';
import type { LiveEdge } from './live-edge.ts';
import { advance } from './session-machine.ts';
import type { SessionEffect, SessionEvent, SessionState, SessionStory, Transition } from './session-machine.ts';
import { SessionRecorder } from './session-recorder.ts';
import type { Span } from './session-recorder.ts';
import type { Tally } from './tally.ts';
import { uuidv7 } from './uuidv7.ts';

/** Begins to make a publisher's frames into parts. */
export type StartPackaging = (start: PackagingStart) => Packaging;

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

/** The media path of the session that is on air or waits for its publisher. */
interface Media {
  readonly recorder: SessionRecorder;
  readonly clock: SessionClock;
}

/** The connection that holds the live. */
interface Holder {
  readonly connectionId: string;
  readonly connection: PublisherConnection;
  readonly remoteAddress: string;
  readonly encoder: string | null;
  readonly packaging: Packaging;
}

/** One live as it runs: carries out what the session machine decides. */
export class Live {
  readonly edge: LiveEdge;
  readonly #world: LiveWorld;
  #record: LiveRecord;
  #state: SessionState;
  #media: Media | null = null;
  #holder: Holder | null = null;
  #window: NodeJS.Timeout | null = null;
  /** The recorder of the session that ended last, and its last fact, while its recording is being closed. */
  #last: { readonly recorder: SessionRecorder; story: SessionStory | null } | null = null;

  constructor(record: LiveRecord, edge: LiveEdge, world: LiveWorld) {
    this.#record = record;
    this.edge = edge;
    this.#world = world;
    this.#state = { phase: record.ended ? 'over' : 'idle' };
    edge.timeline.ended = record.ended;
  }

  get record(): LiveRecord {
    return this.#record;
  }

  /** Takes over changed settings; a session that is on air keeps the copy it took when it began. */
  put(record: LiveRecord): void {
    this.#record = record;
    this.#advance({ kind: 'settings', permanent: record.permanent });
    this.#markEnd();
  }

  /** The session that is on air or waits for its publisher, or null. */
  get session(): SessionStory | null {
    return this.#state.phase === 'on_air' || this.#state.phase === 'interrupted' ? this.#state.story : null;
  }

  /** The session goes on for viewers, and is recorded no more. */
  get recordingFails(): boolean {
    return this.#media !== null && this.#media.recorder.error !== null;
  }

  /** Media the playlist keeps, in ticks. */
  get windowTicks(): number {
    return windowTicksOf(this.record, this.#world);
  }

  /** How long the media of an ended session stays in the playlist while nothing follows. */
  get windowMs(): number {
    return (this.windowTicks * 1000) / MEDIA_TIMESCALE;
  }

  /** The connection that holds the live, or null. */
  get holder(): PublisherConnection | null {
    return this.#holder?.connection ?? null;
  }

  /** Admits a publisher, or throws Refused. */
  publish(
    request: PublishRequest,
    connection: PublisherConnection,
    startPackaging: StartPackaging = this.#packageHere,
  ): Publication {
    if (this.record.ownerBlocked) throw new Refused('blocked');
    const { connectionId } = request;
    const transition = advance(this.#state, this.#publishEvent(connectionId));
    for (const effect of transition.effects) {
      if (effect.kind === 'warn_of_fight') this.#warnOfFight(request);
      if (effect.kind === 'refuse') {
        this.#state = transition.state;
        throw new Refused(effect.code);
      }
      if (effect.kind !== 'begin') continue;
      // Before the state: should it ever fail, nothing has happened yet.
      this.#begin(effect.story, null);
      this.#world.tally.sessionsBegun += 1;
    }
    this.#carryOut(transition);
    try {
      return this.#attach(request, connection, startPackaging);
    } catch (error) {
      this.#advance({ kind: 'disconnected', at: this.#world.now(), connectionId, clean: false, reason: 'internal_error' });
      throw error;
    }
  }

  /** Whether this publisher, if it asked now, would take the live from the one that has it. */
  wouldTakeOver({ connectionId }: PublishRequest): boolean {
    if (this.#holder === null || this.record.ownerBlocked) return false;
    const { effects } = advance(this.#state, this.#publishEvent(connectionId));
    return effects.some(({ kind }) => kind === 'detach');
  }

  /** Ends the session, if there is one; its publisher is told to connect again. */
  restart(): void {
    const restart = (): void => this.#advance({ kind: 'restart', at: this.#world.now() });
    const { holder, session } = this;
    if (holder?.finish === undefined) return restart();
    void holder.finish().then(() => {
      if (this.session?.sessionId === session?.sessionId) this.#attempt('restart', restart);
    });
  }

  remove(): void {
    this.#advance({ kind: 'removed', at: this.#world.now() });
    this.#markEnd();
  }

  close(): void {
    this.#advance({ kind: 'closing', at: this.#world.now() });
  }

  /** Takes up the session that was open when the last process ended; before anyone publishes, and one session at the most. */
  recover(fact: SessionFact, stored: StoredRecording, end: { endTicks: number; wallAtZeroMs: number } | null): void {
    if (this.#state.phase !== 'idle') throw new Error('only a live that is idle takes up a session');
    const recordedUntil = end === null ? fact.startedAt : Math.round(end.wallAtZeroMs + (end.endTicks * 1000) / MEDIA_TIMESCALE);
    this.#begin(fact, { stored, end });
    this.#advance({ kind: 'recovered', at: this.#world.now(), story: fact, recordedUntil });
  }

  #attach(request: PublishRequest, connection: PublisherConnection, startPackaging: StartPackaging): Publication {
    const { connectionId, remoteAddress, encoder } = request;
    const media = this.#media;
    const session = this.session;
    if (media === null || session === null) throw new Error('a publisher was admitted without a session');
    const { timeline } = this.edge;
    media.clock.reanchor();
    const discontinuity = timeline.segments.next > 0 || timeline.openParts.length > 0;
    const packaging = startPackaging({ clock: media.clock, output: media.recorder, discontinuity });
    media.recorder.lastPartAt = this.#world.now();
    this.#holder = { connectionId, connection, remoteAddress, encoder, packaging };
    timeline.online = true;
    const { videoUuid } = this.record;
    const end = (reason: PublicationEnd): void => {
      const clean = reason === 'unpublished';
      this.#advance({ kind: 'disconnected', at: this.#world.now(), connectionId, clean, reason });
    };
    let over = false;
    return {
      videoUuid,
      sessionId: session.sessionId,
      sink: packaging.sink,
      end: (reason) => {
        if (!over) end(reason);
        over = true;
      },
    };
  }

  readonly #packageHere: StartPackaging = (start) => {
    const { now, pool, partMs, segmentMinMs, segmentMaxMs } = this.#world;
    const packager = new Packager({ ...start, now, pool, partMs, segmentMinMs, segmentMaxMs });
    return { sink: packager, close: () => packager.close() };
  };

  #publishEvent(connectionId: string): SessionEvent {
    const { record } = this;
    const now = this.#world.now();
    return {
      kind: 'publish',
      at: now,
      connectionId,
      sessionId: uuidv7(now),
      settings: {
        videoUuid: record.videoUuid,
        permanent: record.permanent,
        saveReplay: record.saveReplay,
        replayPrivacy: record.replayPrivacy,
        reconnectWindowMs: record.reconnectWindowMs ?? this.#world.reconnectWindowMs,
      },
      takeover: record.takeover,
      holderIdleMs: now - (this.#media?.recorder.lastPartAt ?? now),
    };
  }

  #advance(event: SessionEvent): void {
    this.#carryOut(advance(this.#state, event));
  }

  /** The state first: what the effects set off finds it as it will be. One that fails is a bug, and must not keep the others from being done. */
  #carryOut({ state, effects }: Transition): void {
    this.#state = state;
    for (const effect of effects) this.#attempt(effect.kind, () => this.#do(effect));
  }

  #do(effect: SessionEffect): void {
    switch (effect.kind) {
      case 'begin': // done by publish, which can refuse
      case 'refuse':
      case 'warn_of_fight':
      case 'resume':
        return;
      case 'detach':
        return this.#detach(effect);
      case 'start_window':
        return this.#startWindow(effect.ms);
      case 'stop_window':
        if (this.#window !== null) clearTimeout(this.#window);
        this.#window = null;
        return;
      case 'write_fact':
        return this.#writeFact(effect.story);
      case 'end':
        this.#endMedia((recorder) => recorder.close());
        this.#world.tally.sessionEnded(effect.story.endReason ?? 'unknown');
        // A live that was made permanent meanwhile can be broadcast to again.
        this.#advance({ kind: 'settings', permanent: this.record.permanent });
        return this.#markEnd();
      case 'suspend':
        return this.#endMedia((recorder) => recorder.release());
    }
  }

  #startWindow(ms: number): void {
    this.#window = setTimeout(() => {
      this.#window = null;
      this.#attempt('end window', () => this.#advance({ kind: 'window_elapsed', at: this.#world.now() }));
      // A bug has kept it from its end: it is tried again, or the session would wait until somebody publishes.
      if (this.#state.phase === 'interrupted') this.#startWindow(ms);
    }, ms);
  }

  #attempt(what: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#world.log.error({ live: this.record.videoUuid, what, err: error }, 'live failed');
    }
  }

  #begin(
    story: SessionStory,
    recovered: { stored: StoredRecording; end: { endTicks: number; wallAtZeroMs: number } | null } | null,
  ): void {
    const { timeline } = this.edge;
    const { sessionId } = story;
    const { mediaSequence, discontinuitySequence, targetDuration } = timeline.end;
    const { recordings, now, written, keepPlace, recordingRetryMs, disk } = this.#world;
    this.#media = {
      clock: new SessionClock(recovered?.end ?? null),
      recorder: new SessionRecorder({
        directory: recordingDirectory(recordings, sessionId),
        meta: recovered?.stored.meta ?? {
          sessionId,
          videoUuid: story.videoUuid,
          startedAt: story.startedAt,
          saveReplay: story.saveReplay,
          mediaSequence,
          discontinuitySequence,
          targetDuration,
        },
        edge: this.edge,
        tally: this.#world.tally,
        windowTicks: () => this.windowTicks,
        now,
        stored: recovered?.stored ?? null,
        retryMs: recordingRetryMs,
        disk,
        onFirstPart: () => this.#advance({ kind: 'first_part' }),
        onFailed: (error) => this.#recordingFailed(sessionId, error),
        onResumed: (gap) => this.#recordingResumed(sessionId, gap),
        onWritten: written,
        keepPlace: (place) => keepPlace(story.videoUuid, place),
      }),
    };
  }

  #detach(effect: SessionEffect & { kind: 'detach' }): void {
    const holder = this.#holder;
    if (holder?.connectionId !== effect.connectionId) return;
    const { code } = effect;
    this.#holder = null;
    if (code === 'taken_over') this.#world.tally.takeovers += 1;
    // The connection first: it writes no media any more once told, and the packager's memory can go.
    if (code !== null) this.#attempt('close connection', () => holder.connection.close(code));
    this.#attempt('close packager', () => holder.packaging.close());
    // One on another thread may be gone, or is heard no more: what it has put out of a segment is its last.
    this.#attempt('end segment', () => this.#media?.recorder.endSegment());
    const { timeline } = this.edge;
    timeline.online = timeline.runOpen = false;
    timeline.version += 1;
    this.edge.changed();
  }

  #warnOfFight({ remoteAddress, encoder }: PublishRequest): void {
    const holder = this.#holder;
    this.#world.log.warn(
      {
        warning: 'takeover_held_down',
        live: this.record.videoUuid,
        holder: { address: holder?.remoteAddress, encoder: holder?.encoder },
        newcomer: { address: remoteAddress, encoder },
      },
      'two publishers fight for one stream key: the one that has it keeps it',
    );
  }

  #endMedia(close: (recorder: SessionRecorder) => Promise<void>): void {
    const media = this.#media;
    this.#media = null;
    if (media === null) return;
    const last = { recorder: media.recorder, story: null };
    this.#last = last;
    const done = close(media.recorder).then(() => {
      if (this.#last === last) this.#last = null;
      // All of it can be read from the recording: a live that is off air needs no memory.
      if (this.#media === null && media.recorder.error === null) this.edge.clear();
    });
    this.#world.recordingClosed(this, media.recorder, done);
  }

  /** Frees what the memory has of a session that could not be recorded to its end, when no playlist names it any more. */
  letGo(): void {
    if (this.#media === null && this.#last === null) this.edge.clear();
  }

  /** Tells players whether more will come. */
  #markEnd(): void {
    const { timeline } = this.edge;
    const ended = this.#state.phase === 'over' || (this.#state.phase === 'closed' && this.#state.code === 'live_deleted');
    if (timeline.ended === ended) return;
    timeline.ended = ended;
    timeline.version += 1;
    this.edge.changed();
  }

  #writeFact(story: SessionStory): void {
    const of = (recorder: SessionRecorder | undefined): boolean => recorder?.meta.sessionId === story.sessionId;
    const recorder = of(this.#media?.recorder) ? this.#media?.recorder : this.#last?.recorder;
    if (recorder === undefined || !of(recorder)) throw new Error(`session ${story.sessionId} has no recording`);
    if (recorder === this.#last?.recorder) this.#last.story = story;
    const { totals } = recorder;
    this.#world.writeFact({
      ...story,
      recordedBytes: totals.bytes,
      recordedMs: totals.ms,
      width: totals.width,
      height: totals.height,
    });
    const { sessionId, revision, state, endReason } = story;
    this.#world.log.info(
      { live: story.videoUuid, session: sessionId, revision, state, reason: endReason, ms: totals.ms },
      'session',
    );
  }

  /** The viewers' live goes on from memory; the session says why its replay is cut short. */
  #recordingFailed(sessionId: string, error: Error): void {
    this.#world.log.error(
      { live: this.record.videoUuid, session: sessionId, err: error },
      'recording failed: viewers go on, and it is tried again',
    );
    const detail = `recording failed: ${error.message}`;
    if (this.session?.sessionId === sessionId) return this.#advance({ kind: 'recording_failed', detail });
    // Its last bytes failed when all had been said: it is said again, with what is really there.
    const story = this.#last?.story;
    if (story?.sessionId === sessionId)
      this.#writeFact({ ...story, revision: story.revision + 1, error: 8, errorDetail: detail });
  }

  #recordingResumed(sessionId: string, { beganAt, endedAt }: Span): void {
    this.#world.log.warn(
      { live: this.record.videoUuid, session: sessionId, ms: endedAt - beganAt },
      'recording goes on: this much is missing before',
    );
    this.#advance({ kind: 'recording_resumed', beganAt, endedAt });
  }
}

/** Media that a live's playlist keeps, in ticks. */
export function windowTicksOf(record: LiveRecord, { dvrMaxWindowS, playlistWindowS }: LiveWorld): number {
  return Math.max(Math.min(record.dvrWindowS, dvrMaxWindowS), playlistWindowS) * MEDIA_TIMESCALE;
}
