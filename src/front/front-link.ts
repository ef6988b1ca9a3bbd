import type { Worker } from 'node:worker_threads';
import type { LiveEdge } from '../lives/live-edge.ts';
import { answersFrom } from './answers.ts';
import type { Answers, FrontWorld } from './answers.ts';
import { Mailbox } from '../threads/mailbox.ts';
import type { ThreadLink } from '../threads/supervised-threads.ts';
import { FollowedEdge } from './followed-edge.ts';
import { HeldBlocks } from './held-blocks.ts';
import type { EdgeOperation, EdgeSnapshot, FromThread, QuestionKind, Questions, ToThread } from './messages.ts';
import { NO_PLAYERS } from './player-door.ts';
import type { PlayerCounts } from './player-door.ts';

/**
 * A thread that owes us more than this, and more than a few times what the edges keep anyway, does not read what it is told: it is ended, and another one
 * begun.
 */
const OWED_LIMIT_BYTES = 512 * 1024 * 1024;
const OWED_LIMIT_TIMES = 4;
const COUNT_WITHIN_MS = 1000;
/** As is one that does not answer so many times. */
const MISSED_BEATS = 5;

interface EdgeChange {
  readonly edge: number;
  readonly operation: EdgeOperation;
}

/** Our end of one thread of delivery: answers its questions, tells it of the edges it follows, and keeps the memory that it reads. */
export class FrontLink implements ThreadLink<FromThread> {
  readonly #worker: Pick<Worker, 'postMessage' | 'terminate'>;
  readonly #world: FrontWorld;
  readonly #answers: Answers;
  readonly #owedLimit: number;
  readonly #edges = new Map<number, FollowedEdge>();
  readonly #numbers = new Map<LiveEdge, number>();
  #lastEdge = 0;
  readonly #changes = new Mailbox<EdgeChange>((changes) => this.#post({ kind: 'edges', changes }));
  readonly #held = new HeldBlocks();
  readonly #counting = new Map<number, (counts: PlayerCounts | null) => void>();
  #lastCount = 0;
  #counted = NO_PLAYERS;
  #missed = 0;
  #ending = false;
  #closed = false;
  readonly #gone: (counted: PlayerCounts) => void;

  /** `gone` hears what the thread counted last, at its end. */
  constructor(
    worker: Pick<Worker, 'postMessage' | 'terminate'>,
    world: FrontWorld,
    gone: (counted: PlayerCounts) => void = () => {},
    owedLimitBytes = OWED_LIMIT_BYTES,
  ) {
    this.#gone = gone;
    this.#owedLimit = owedLimitBytes;
    this.#worker = worker;
    this.#world = world;
    this.#answers = answersFrom(world, (videoUuid, edge) => this.#follow(videoUuid, edge));
  }

  /** Bytes of memory that the thread may read. */
  get heldBytes(): number {
    return this.#held.bytes;
  }

  /** What the thread counted last. */
  get counted(): PlayerCounts {
    return this.#counted;
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
        for (const hold of message.holds) this.#held.release(hold);
        return;
      case 'counts':
        this.#counting.get(message.id)?.(message.counts);
        return;
    }
  }

  /** The directory has changed under a video's UUID: what was done to its edge before is told first. */
  changed(videoUuid: string): void {
    this.#changes.flush();
    const playback = this.#world.lives.playback(videoUuid);
    for (const [number, followed] of this.#edges) {
      if (followed.videoUuid !== videoUuid || (playback?.kind === 'live' && playback.edge === followed.edge)) continue;
      this.#unfollow(number);
      this.#post({ kind: 'gone', edge: number });
    }
    this.#post({ kind: 'forget', videoUuid });
  }

  /** What the thread counts, or counted last when it does not answer. */
  async counts(): Promise<PlayerCounts> {
    await this.#count();
    return this.#counted;
  }

  /** To be called now and then: ends a thread that does not answer. */
  async beat(): Promise<void> {
    this.#missed = (await this.#count()) ? 0 : this.#missed + 1;
    if (this.#missed >= MISSED_BEATS) this.#end('a delivery thread does not answer: it is ended');
  }

  /** The thread is gone: nothing is told, and nothing kept for it, any more. */
  close(): void {
    this.#closed = true;
    for (const number of [...this.#edges.keys()]) this.#unfollow(number);
    this.#held.releaseAll();
    for (const done of [...this.#counting.values()]) done(null);
    this.#gone(this.#counted);
  }

  /** False when there is no answer. */
  async #count(): Promise<boolean> {
    this.#lastCount += 1;
    const id = this.#lastCount;
    const counts = await new Promise<PlayerCounts | null>((resolve) => {
      const timer = setTimeout(() => resolve(null), COUNT_WITHIN_MS);
      this.#counting.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.#post({ kind: 'count', id });
    });
    this.#counting.delete(id);
    if (counts !== null) this.#counted = counts;
    return counts !== null;
  }

  async #answer<Kind extends QuestionKind>(id: number, question: Kind, asks: Questions[Kind]['asks']): Promise<void> {
    try {
      const tell = await this.#answers[question](asks);
      if (!this.#closed) this.#post({ kind: 'answer', id, answer: tell() });
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') this.#world.log.error({ question, err: error }, 'a delivery thread could not be answered');
      this.#post({ kind: 'failed', id, message, code });
    }
  }

  #follow(videoUuid: string, edge: LiveEdge): { edge: number; snapshot: EdgeSnapshot | null } {
    const known = this.#numbers.get(edge);
    if (known !== undefined) return { edge: known, snapshot: null };
    this.#lastEdge += 1;
    const number = this.#lastEdge;
    const followed = new FollowedEdge(videoUuid, edge, this.#held, (operation) => this.#tell(number, operation));
    this.#edges.set(number, followed);
    this.#numbers.set(edge, number);
    return { edge: number, snapshot: followed.start() };
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
    this.#changes.put({ edge, operation });
    if (operation.op !== 'drop') return;
    const { bytes, owedBytes } = this.#held;
    if (owedBytes > Math.max(this.#owedLimit, OWED_LIMIT_TIMES * (bytes - owedBytes)))
      this.#end('a delivery thread does not keep up: it is ended');
  }

  #end(why: string): void {
    if (this.#ending || this.#closed) return;
    this.#ending = true;
    this.#world.log.error({ heldBytes: this.#held.bytes, owedBytes: this.#held.owedBytes }, why);
    void this.#worker.terminate();
  }

  #post(message: ToThread): void {
    if (!this.#closed) this.#worker.postMessage(message);
  }
}
