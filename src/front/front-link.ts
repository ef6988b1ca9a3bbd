import type { Worker } from 'node:worker_threads';
import type { Rights } from '../delivery/delivery.ts';
import type { Application, ApplicationAnswer } from '../http/application.ts';
import type { LiveEdge } from '../lives/live-edge.ts';
import type { Lives } from '../lives/lives.ts';
import type { Logger } from '../log.ts';
import type { HeldBytes } from '../packager/block-pool.ts';
import { FollowedEdge } from './followed-edge.ts';
import type { Holds } from './followed-edge.ts';
import type { EdgeOperation, FromThread, QuestionKind, Questions, SessionAnswer, ToThread, VideoAnswer } from './messages.ts';
import type { PlayerCounts } from './player-door.ts';

/** What the threads of delivery are answered from. */
export interface FrontWorld {
  readonly lives: Lives;
  readonly log: Logger;
  readonly mayWatch: (authorization: string | undefined, rights: Rights) => Promise<boolean>;
  /** Answers what is not delivery's. Null until the application is there. */
  readonly application: () => Application | null;
}

type Answers = { readonly [Kind in QuestionKind]: (asks: Questions[Kind]['asks']) => Promise<Questions[Kind]['answer']> };

/** A thread that keeps more of our memory than this has stopped reading what it is told: it is ended, and another one begun. */
const HELD_LIMIT_BYTES = 512 * 1024 * 1024;
const COUNT_WITHIN_MS = 1000;
const NOT_THERE: ApplicationAnswer = { status: 503, headers: ['Retry-After', '1'], body: new Uint8Array(0) };

/** Our end of one thread of delivery: answers its questions, tells it of the edges it follows, and keeps the memory that it reads. */
export class FrontLink implements Holds {
  readonly #worker: Worker;
  readonly #world: FrontWorld;
  readonly #edges = new Map<number, FollowedEdge>();
  readonly #numbers = new Map<LiveEdge, number>();
  #lastEdge = 0;
  #changes: { edge: number; operation: EdgeOperation }[] = [];
  #telling: NodeJS.Immediate | null = null;
  readonly #held = new Map<number, { readonly block: HeldBytes; readonly bytes: number }>();
  #heldBytes = 0;
  #lastHold = 0;
  readonly #counting = new Map<number, (counts: PlayerCounts | null) => void>();
  #lastCount = 0;
  #closed = false;

  constructor(worker: Worker, world: FrontWorld) {
    this.#worker = worker;
    this.#world = world;
  }

  /** Bytes of memory that the thread may read. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Edges that the thread has copies of. */
  get edgeCount(): number {
    return this.#edges.size;
  }

  take(message: FromThread): void {
    switch (message.kind) {
      case 'ask':
        return void this.#answer(message.id, message.question, message.asks);
      case 'unwatch':
        return this.#unfollow(message.edge);
      case 'release':
        for (const hold of message.holds) this.#release(hold);
        return;
      case 'counts':
        this.#counting.get(message.id)?.(message.counts);
        return;
      case 'listening':
      case 'cannot_listen':
        return; // for whoever began the thread
    }
  }

  /** The directory has changed under a video's UUID. */
  changed(videoUuid: string): void {
    const playback = this.#world.lives.playback(videoUuid);
    for (const [number, followed] of this.#edges) {
      if (followed.videoUuid !== videoUuid || (playback?.kind === 'live' && playback.edge === followed.edge)) continue;
      this.#unfollow(number);
      this.#post({ kind: 'gone', edge: number });
    }
    this.#post({ kind: 'forget', videoUuid });
  }

  /** What the thread counts; null when it does not answer. */
  counts(): Promise<PlayerCounts | null> {
    this.#lastCount += 1;
    const id = this.#lastCount;
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(null), COUNT_WITHIN_MS);
      const done = (counts: PlayerCounts | null): void => {
        clearTimeout(timer);
        this.#counting.delete(id);
        resolve(counts);
      };
      this.#counting.set(id, done);
      this.#post({ kind: 'count', id });
    });
  }

  /** The thread is gone: nothing is told, and nothing kept for it, any more. */
  close(): void {
    this.#closed = true;
    for (const number of [...this.#edges.keys()]) this.#unfollow(number);
    for (const hold of [...this.#held.keys()]) this.#release(hold);
    for (const done of [...this.#counting.values()]) done(null);
  }

  hold(block: HeldBytes, bytes: number): number {
    block.retain();
    this.#lastHold += 1;
    this.#held.set(this.#lastHold, { block, bytes });
    this.#heldBytes += bytes;
    if (this.#heldBytes > HELD_LIMIT_BYTES) {
      this.#world.log.error({ bytes: this.#heldBytes }, 'a delivery thread does not keep up: it is ended');
      void this.#worker.terminate();
    }
    return this.#lastHold;
  }

  #release(hold: number): void {
    const held = this.#held.get(hold);
    if (held === undefined) return;
    this.#held.delete(hold);
    this.#heldBytes -= held.bytes;
    held.block.release();
  }

  async #answer<Kind extends QuestionKind>(id: number, question: Kind, asks: Questions[Kind]['asks']): Promise<void> {
    try {
      this.#post({ kind: 'answer', id, answer: await this.#answers[question](asks) });
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') this.#world.log.error({ question, err: error }, 'a delivery thread could not be answered');
      this.#post({ kind: 'failed', id, message, code });
    }
  }

  readonly #answers: Answers = {
    video: async (videoUuid) => {
      await this.#world.lives.loading({ videoUuid });
      return this.#videoAnswer(videoUuid);
    },
    session: async (sessionId): Promise<SessionAnswer> => {
      await this.#world.lives.loading({ sessionId });
      const owners = this.#world.lives.ownersOfMedia(sessionId);
      if (owners === null) return null;
      const rights = owners.rights.map(({ videoUuid, privacy, ownerId }) => ({ videoUuid, privacy, ownerId }));
      return { rights, liveUuid: owners.liveUuid };
    },
    closed_recording: async (sessionId) => {
      await this.#world.lives.shelf.closed(sessionId);
      return null;
    },
    recovered_recording: async (sessionId) => {
      await this.#world.lives.readRecording(sessionId);
      return null;
    },
    may_watch: ({ authorization, rights }) => this.#world.mayWatch(authorization, rights),
    application: (request) => this.#world.application()?.answer(request) ?? Promise.resolve(NOT_THERE),
  };

  #videoAnswer(videoUuid: string): VideoAnswer {
    const playback = this.#world.lives.playback(videoUuid);
    if (playback === null) return null;
    const { kind, privacy, ownerId } = playback;
    if (kind === 'replay') return { kind, privacy, ownerId, sessionId: playback.sessionId };
    const known = this.#numbers.get(playback.edge);
    if (known !== undefined) return { kind, privacy, ownerId, edge: known, snapshot: null };
    if (this.#closed) return null;
    this.#lastEdge += 1;
    const number = this.#lastEdge;
    const followed = new FollowedEdge(videoUuid, playback.edge, this, (operation) => this.#tell(number, operation));
    const snapshot = followed.start();
    this.#edges.set(number, followed);
    this.#numbers.set(playback.edge, number);
    return { kind, privacy, ownerId, edge: number, snapshot };
  }

  #unfollow(number: number): void {
    const followed = this.#edges.get(number);
    if (followed === undefined) return;
    followed.stop();
    this.#edges.delete(number);
    this.#numbers.delete(followed.edge);
  }

  /** Once for all that this turn of the loop brings. */
  #tell(edge: number, operation: EdgeOperation): void {
    this.#changes.push({ edge, operation });
    this.#telling ??= setImmediate(() => {
      this.#telling = null;
      const changes = this.#changes;
      this.#changes = [];
      this.#post({ kind: 'edges', changes });
    });
  }

  #post(message: ToThread): void {
    if (!this.#closed) this.#worker.postMessage(message);
  }
}
