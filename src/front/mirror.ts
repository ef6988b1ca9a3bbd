import type { MediaCatalogue } from '../delivery/media-catalogue.ts';
import type { MediaOwners, Playback } from '../lives/playback.ts';
import { recordingDirectory } from '../recording/layout.ts';
import { readStoredRecording } from '../recording/stored-recording.ts';
import type { StoredRecording } from '../recording/stored-recording.ts';
import type { EdgeOperation, QuestionKind, Questions, SessionAnswer, VideoAnswer } from './messages.ts';
import { MirroredEdge } from './mirrored-edge.ts';

/** The way back to the thread that has the lives. */
export interface MirrorLink {
  ask<Kind extends QuestionKind>(question: Kind, asks: Questions[Kind]['asks']): Promise<Questions[Kind]['answer']>;
  unwatch(edge: number): void;
  release(hold: number): void;
}

/** An edge that nobody asks for is not followed any longer. */
const UNUSED_MS = 60_000;
/** What is known of a session, or that there is no such video, is asked anew after this time. */
const KNOWN_MS = 30_000;
const SWEEP_MS = 5000;
/** What is known of videos without an edge here, and of sessions, at the most: whoever asks for what there is not makes us note that, too. */
const MOST_KNOWN = 10_000;

interface KnownVideo {
  readonly answer: VideoAnswer;
  readonly at: number;
}

interface KnownSession {
  readonly answer: SessionAnswer;
  readonly at: number;
}

/**
 * What a thread of delivery knows of the lives: only what its players have asked for. The first one to ask waits for an answer from the thread that has the
 * lives; from then on every change is told, as long as somebody asks again.
 */
export class Mirror implements MediaCatalogue {
  readonly recordings: string;
  readonly #link: MirrorLink;
  readonly #now: () => number;
  readonly #videos = new Map<string, KnownVideo>();
  readonly #sessions = new Map<string, KnownSession>();
  readonly #edges = new Map<number, MirroredEdge>();
  /** Questions that are being answered. */
  readonly #asking = new Map<string, Promise<void>>();
  readonly #timer: NodeJS.Timeout;

  constructor(recordings: string, link: MirrorLink, now: () => number = Date.now) {
    this.recordings = recordings;
    this.#link = link;
    this.#now = now;
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  loading(of: { readonly videoUuid: string } | { readonly sessionId: string }): Promise<void> | null {
    if ('videoUuid' in of) return this.#loadVideo(of.videoUuid);
    if (this.#knowsSession(of.sessionId)) return null;
    return this.#once(`session ${of.sessionId}`, () => this.#askSession(of.sessionId));
  }

  playback(videoUuid: string): Playback | null {
    const answer = this.#videos.get(videoUuid)?.answer ?? null;
    if (answer?.kind !== 'live') return answer;
    const edge = this.#use(answer.edge);
    return edge === null ? null : { kind: 'live', privacy: answer.privacy, ownerId: answer.ownerId, edge: edge.edge };
  }

  ownersOfMedia(sessionId: string): MediaOwners | null {
    const answer = this.#sessions.get(sessionId)?.answer ?? null;
    if (answer === null) return null;
    const { rights, liveUuid } = answer;
    const live = liveUuid === null ? null : (this.#videos.get(liveUuid)?.answer ?? null);
    return { rights, liveUuid, edge: live?.kind === 'live' ? (this.#use(live.edge)?.edge ?? null) : null };
  }

  async readRecording(sessionId: string): Promise<StoredRecording> {
    const directory = recordingDirectory(this.recordings, sessionId);
    await this.#link.ask('closed_recording', sessionId);
    const stored = await readStoredRecording(directory);
    if (stored.ended) return stored;
    await this.#link.ask('recovered_recording', sessionId);
    return readStoredRecording(directory);
  }

  /** What is done to an edge that is followed. */
  apply(edge: number, operation: EdgeOperation): void {
    const mirrored = this.#edges.get(edge);
    if (mirrored !== undefined) mirrored.apply(operation);
    else if (operation.op === 'add') this.#link.release(operation.part.hold); // told when it was not known yet that nobody watches
  }

  /** What was known of a video, and of its media, does not hold any more; its edge, if there is one, stays. */
  forget(videoUuid: string): void {
    this.#videos.delete(videoUuid);
    for (const [sessionId, { answer }] of this.#sessions) {
      const its = answer === null || answer.liveUuid === videoUuid || answer.rights.some((each) => each.videoUuid === videoUuid);
      if (its) this.#sessions.delete(sessionId);
    }
  }

  /** There is no such edge any more. */
  gone(edge: number): void {
    const mirrored = this.#edges.get(edge);
    if (mirrored === undefined) return;
    this.#edges.delete(edge);
    this.forget(mirrored.videoUuid);
    mirrored.edge.clear();
  }

  close(): void {
    clearInterval(this.#timer);
    for (const { edge } of this.#edges.values()) edge.clear();
    this.#edges.clear();
  }

  #loadVideo(videoUuid: string): Promise<void> | null {
    if (this.#videos.has(videoUuid)) return null;
    return this.#once(`video ${videoUuid}`, () => this.#askVideo(videoUuid));
  }

  async #askVideo(videoUuid: string): Promise<void> {
    const answer = await this.#link.ask('video', videoUuid);
    const now = this.#now();
    if (answer?.kind === 'live' && answer.snapshot !== null) {
      const mirrored = new MirroredEdge(videoUuid, answer.snapshot, now, (hold) => this.#link.release(hold));
      this.#edges.set(answer.edge, mirrored);
    }
    // Of an edge that was given up while the answer was on its way: the next answer brings it anew.
    if (answer?.kind === 'live' && !this.#edges.has(answer.edge)) return this.#askVideo(videoUuid);
    note(this.#videos, videoUuid, { answer: answer?.kind === 'live' ? { ...answer, snapshot: null } : answer, at: now });
  }

  /** Until all of it is known at a time: what comes first may be forgotten while the rest is on its way. */
  async #askSession(sessionId: string): Promise<void> {
    while (!this.#knowsSession(sessionId)) {
      const known = this.#sessions.get(sessionId);
      if (known === undefined) {
        note(this.#sessions, sessionId, { answer: await this.#link.ask('session', sessionId), at: this.#now() });
      } else if (known.answer?.liveUuid != null) {
        await this.#loadVideo(known.answer.liveUuid);
      }
    }
  }

  #knowsSession(sessionId: string): boolean {
    const known = this.#sessions.get(sessionId);
    if (known === undefined) return false;
    const liveUuid = known.answer?.liveUuid ?? null;
    return liveUuid === null || this.#videos.has(liveUuid);
  }

  /** Asks once for all who want to know. */
  #once(name: string, ask: () => Promise<void>): Promise<void> {
    const known = this.#asking.get(name);
    if (known !== undefined) return known;
    const asking = ask().finally(() => this.#asking.delete(name));
    this.#asking.set(name, asking);
    return asking;
  }

  #use(edge: number): MirroredEdge | null {
    const mirrored = this.#edges.get(edge);
    if (mirrored === undefined) return null;
    mirrored.usedAt = this.#now();
    return mirrored;
  }

  #sweep(): void {
    const now = this.#now();
    for (const [sessionId, { at }] of this.#sessions) if (now - at > KNOWN_MS) this.#sessions.delete(sessionId);
    for (const [videoUuid, { answer, at }] of this.#videos) {
      if (answer?.kind !== 'live' && now - at > KNOWN_MS) this.#videos.delete(videoUuid);
    }
    for (const [number, { videoUuid, usedAt, edge }] of this.#edges) {
      if (now - usedAt <= UNUSED_MS || edge.isWaitedFor) continue;
      this.#link.unwatch(number);
      this.gone(number);
      this.#videos.delete(videoUuid);
    }
  }
}

/** The oldest of too many is forgotten; that of a live's edge stays, for it is only told when it changes. */
function note<Known extends { readonly answer: VideoAnswer | SessionAnswer }>(
  all: Map<string, Known>,
  name: string,
  known: Known,
): void {
  all.delete(name);
  all.set(name, known);
  if (all.size <= MOST_KNOWN) return;
  for (const [oldest, { answer }] of all) {
    if (answer !== null && 'kind' in answer && answer.kind === 'live') continue;
    all.delete(oldest);
    return;
  }
}
