import type { LiveRecord } from '../database/directory.ts';
import { Refused } from '../errors.ts';
import type { SessionFact } from '../ledger/session-fact.ts';
import type { Logger } from '../log.ts';
import { MEDIA_TIMESCALE } from '../media/track.ts';
import type { BlockPool } from '../packager/block-pool.ts';
import { Packager } from '../packager/packager.ts';
import { SessionClock } from '../packager/session-clock.ts';
import { recordingDirectory } from '../recording/layout.ts';
import { Recording } from '../recording/recording.ts';
import { recordedTotals } from '../recording/stored-recording.ts';
import type { StoredRecording } from '../recording/stored-recording.ts';
import type { Publication, PublicationEnd, PublisherConnection, PublishRequest } from './door.ts';
import type { LiveEdge } from './live-edge.ts';
import { advance } from './session-machine.ts';
import type { SessionEffect, SessionEvent, SessionState, SessionStory } from './session-machine.ts';
import { SessionRecorder } from './session-recorder.ts';
import type { Totals } from './session-recorder.ts';
import { uuidv7 } from './uuidv7.ts';

/** What a live works with, the same for all lives of a server. */
export interface LiveWorld {
  readonly now: () => number;
  readonly log: Logger;
  readonly pool: BlockPool;
  /** Directory of all recordings. */
  readonly recordings: string;
  readonly partMs: number;
  readonly segmentMinMs: number;
  readonly segmentMaxMs: number;
  readonly reconnectWindowMs: number;
  readonly dvrMaxWindowS: number;
  /** Keeps a fact for good; must not throw. */
  readonly writeFact: (fact: SessionFact) => void;
  /** A session's recording is closed: at the end, or for the next process. */
  readonly recordingClosed: (live: Live, recording: Recording, done: Promise<void>) => void;
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
  readonly packager: Packager;
}

/** One live as it runs: carries out what the session machine decides. */
export class Live {
  record: LiveRecord;
  readonly edge: LiveEdge;
  readonly #world: LiveWorld;
  #state: SessionState;
  #media: Media | null = null;
  #holder: Holder | null = null;
  #window: NodeJS.Timeout | null = null;
  /** Of the session that ended last: what its facts still tell. */
  #lastTotals: Totals = { bytes: 0, ms: 0, width: null, height: null };
  #failure: { error: number; errorDetail: string } | null = null;

  constructor(record: LiveRecord, edge: LiveEdge, world: LiveWorld) {
    this.record = record;
    this.edge = edge;
    this.#world = world;
    this.#state = { phase: record.ended ? 'over' : 'idle' };
    edge.timeline.ended = record.ended;
  }

  /** The session that is on air or waits for its publisher, or null. */
  get session(): SessionStory | null {
    return this.#state.phase === 'on_air' || this.#state.phase === 'interrupted' ? this.#state.story : null;
  }

  /** Media the playlist keeps, in ticks. */
  get windowTicks(): number {
    return Math.min(this.record.dvrWindowS, this.#world.dvrMaxWindowS) * MEDIA_TIMESCALE;
  }

  /** Admits a publisher, or throws Refused. */
  publish(request: PublishRequest, connection: PublisherConnection): Publication {
    if (this.record.ownerBlocked) throw new Refused('blocked');
    const { record } = this;
    const now = this.#world.now();
    const { connectionId } = request;
    const transition = advance(this.#state, {
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
    });
    for (const effect of transition.effects) {
      if (effect.kind === 'refuse') throw new Refused(effect.code);
      // The only effect that can fail, and the first of its transition: nothing has happened yet.
      if (effect.kind === 'begin') this.#begin(effect.story, null);
      this.#carryOut(effect);
    }
    this.#state = transition.state;
    return this.#attach(connectionId, connection);
  }

  remove(): void {
    this.#advance({ kind: 'removed', at: this.#world.now() });
    this.edge.timeline.ended = true;
    this.edge.changed();
  }

  close(): void {
    this.#advance({ kind: 'closing', at: this.#world.now() });
  }

  /** Takes up the session that was open when the last process ended. */
  recover(fact: SessionFact, stored: StoredRecording, end: { endTicks: number; wallAtZeroMs: number } | null): void {
    const recordedUntil = end === null ? fact.startedAt : Math.round(end.wallAtZeroMs + (end.endTicks * 1000) / MEDIA_TIMESCALE);
    this.#begin(fact, { stored, end });
    this.#advance({ kind: 'recovered', at: this.#world.now(), story: fact, recordedUntil });
  }

  #attach(connectionId: string, connection: PublisherConnection): Publication {
    const media = this.#media;
    const session = this.session;
    if (media === null || session === null) throw new Error('a publisher was admitted without a session');
    const { timeline } = this.edge;
    const packager = new Packager({
      clock: media.clock,
      now: this.#world.now,
      pool: this.#world.pool,
      output: media.recorder,
      partMs: this.#world.partMs,
      segmentMinMs: this.#world.segmentMinMs,
      segmentMaxMs: this.#world.segmentMaxMs,
      discontinuity: timeline.segments.next > 0 || timeline.openParts.length > 0,
    });
    media.recorder.lastPartAt = this.#world.now();
    this.#holder = { connectionId, connection, packager };
    timeline.online = true;
    const { videoUuid } = this.record;
    const end = (reason: PublicationEnd, detail?: string): void => {
      const clean = reason === 'unpublished';
      this.#world.log.info({ live: videoUuid, session: session.sessionId, connection: connectionId, reason, detail }, 'publication over');
      this.#advance({ kind: 'disconnected', at: this.#world.now(), connectionId, clean, reason });
    };
    let over = false;
    return {
      videoUuid,
      sessionId: session.sessionId,
      sink: packager,
      end: (reason, detail) => {
        if (!over) end(reason, detail);
        over = true;
      },
    };
  }

  #advance(event: SessionEvent): void {
    const transition = advance(this.#state, event);
    this.#state = transition.state;
    for (const effect of transition.effects) this.#carryOut(effect);
  }

  #carryOut(effect: SessionEffect): void {
    switch (effect.kind) {
      case 'begin': // done by publish, which can refuse
      case 'refuse':
      case 'resume':
        return;
      case 'detach':
        return this.#detach(effect);
      case 'start_window':
        this.#window = setTimeout(() => this.#advance({ kind: 'window_elapsed', at: this.#world.now() }), effect.ms);
        return;
      case 'stop_window':
        if (this.#window !== null) clearTimeout(this.#window);
        this.#window = null;
        return;
      case 'write_fact':
        return this.#writeFact(effect.story);
      case 'end':
      case 'suspend':
        return this.#endMedia(effect.kind === 'end');
    }
  }

  #begin(story: SessionStory, recovered: { stored: StoredRecording; end: { endTicks: number; wallAtZeroMs: number } | null } | null): void {
    const { timeline } = this.edge;
    const { sessionId } = story;
    const recording = new Recording({
      directory: recordingDirectory(this.#world.recordings, sessionId),
      meta: recovered?.stored.meta ?? {
        sessionId,
        videoUuid: story.videoUuid,
        startedAt: story.startedAt,
        saveReplay: story.saveReplay,
        mediaSequence: timeline.segments.next,
        discontinuitySequence: timeline.discontinuitySequence,
        targetDuration: timeline.targetDuration,
      },
      lastVolume: recovered?.stored.runs.at(-1)?.volume ?? 0,
      onError: (error) => this.#recordingFailed(sessionId, error),
    });
    this.#media = {
      clock: new SessionClock(recovered?.end ?? null),
      recorder: new SessionRecorder({
        recording,
        edge: this.edge,
        windowTicks: () => this.windowTicks,
        now: this.#world.now,
        totals: recovered === null ? null : recordedTotals(recovered.stored),
        onFirstPart: () => this.#advance({ kind: 'first_part' }),
      }),
    };
  }

  #detach(effect: SessionEffect & { kind: 'detach' }): void {
    const holder = this.#holder;
    if (holder?.connectionId !== effect.connectionId) return;
    this.#holder = null;
    // The connection first: it writes no media any more once told, and the packager's memory can go.
    if (effect.code !== null) holder.connection.close(effect.code);
    holder.packager.close();
    const { timeline } = this.edge;
    timeline.online = timeline.runOpen = false;
    timeline.version += 1;
    this.edge.changed();
  }

  #endMedia(forGood: boolean): void {
    const media = this.#media;
    this.#media = null;
    if (media === null) return;
    const { timeline } = this.edge;
    if (forGood && !this.record.permanent) timeline.ended = true;
    timeline.version += 1;
    this.edge.changed();
    const { recording } = media.recorder;
    this.#lastTotals = media.recorder.totals;
    this.#world.recordingClosed(this, recording, forGood ? recording.close() : recording.release());
  }

  #writeFact(story: SessionStory): void {
    const totals = this.#media?.recorder.totals ?? this.#lastTotals;
    const fact = { ...story, ...this.#failure, recordedBytes: totals.bytes, recordedMs: totals.ms, width: totals.width, height: totals.height };
    if (story.state === 'ended') this.#failure = null;
    this.#world.writeFact(fact);
    const { sessionId, revision, state, endReason } = story;
    this.#world.log.info({ live: story.videoUuid, session: sessionId, revision, state, reason: endReason, ms: totals.ms }, 'session');
  }

  /** The viewers' live goes on from memory; the session says why its replay is cut short. */
  #recordingFailed(sessionId: string, error: Error): void {
    this.#world.log.error({ live: this.record.videoUuid, session: sessionId, err: error }, 'recording failed');
    if (this.session?.sessionId === sessionId) this.#failure = { error: 8, errorDetail: `recording failed: ${error.message}` };
  }
}
