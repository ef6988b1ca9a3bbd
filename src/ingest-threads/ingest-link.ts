import type { Worker } from 'node:worker_threads';
import { Refused } from '../errors.ts';
import type { AccessUnitSink } from '../media/access-unit-sink.ts';
import type { PackagingStart, Publication, PublisherConnection, PublishRequest } from '../lives/door.ts';
import type { Lives } from '../lives/lives.ts';
import type { Logger } from '../log.ts';
import { Mailbox } from '../threads/mailbox.ts';
import type { ThreadLink } from '../threads/supervised-threads.ts';
import type { FromIngest, IngestCounts, IngestEvent, ToIngest } from './messages.ts';
import { SharedMemories } from './shared-memories.ts';

/** What a thread of ingest brings its publishers to. */
export interface IngestWorld {
  readonly lives: Lives;
  readonly log: Logger;
  /** There is room for one more publisher. */
  readonly hasRoom: () => boolean;
  readonly adopt: (bytes: Uint8Array) => void;
  readonly discard: (bytes: Uint8Array) => void;
}

/** A publication whose frames become parts on the other thread. */
interface Admitted {
  readonly publication: Publication;
  /** Null when what comes is not wanted any more. */
  packaging: PackagingStart | null;
}

/** Frames never come to this thread. */
const NO_SINK = null as unknown as AccessUnitSink;

/** Our end of one thread of ingest: brings its publishers to the lives, and their parts to the recordings. */
export class IngestLink implements ThreadLink<FromIngest> {
  counts: IngestCounts = { connections: 0, turnedAway: 0, receivedBytes: 0 };
  readonly #world: IngestWorld;
  readonly #post: (message: ToIngest) => void;
  readonly #admitted = new Map<number, Admitted>();
  readonly #questions = new Map<number, () => void>();
  #lastQuestion = 0;
  readonly #memories: SharedMemories;
  readonly #releases: Mailbox<number>;
  #closed = false;
  readonly #gone: (counts: IngestCounts) => void;

  /** `gone` hears what the thread counted, at its end. */
  constructor(worker: Worker, world: IngestWorld, gone: (counts: IngestCounts) => void) {
    this.#world = world;
    this.#gone = gone;
    this.#post = (message) => {
      if (!this.#closed) worker.postMessage(message);
    };
    this.#releases = new Mailbox((holds) => this.#post({ kind: 'release', holds }));
    const { adopt, discard } = world;
    this.#memories = new SharedMemories({ adopt, discard, released: (hold) => this.#releases.put(hold) });
  }

  /** Publishers that this thread has. */
  get publishingCount(): number {
    return this.#admitted.size;
  }

  take({ events }: FromIngest): void {
    for (const event of events) {
      try {
        this.#takeEvent(event);
      } catch (error) {
        // A bug ends its connection, and not the process.
        this.#world.log.error({ event: event.kind, err: error }, 'publisher failed');
        if ('publication' in event)
          this.#post({ kind: 'close_connection', publication: event.publication, code: 'internal_error' });
      }
    }
  }

  /** The thread is gone, and with it what it had not put out: its publishers are disconnected, and come back. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { publication } of [...this.#admitted.values()]) publication.end('disconnected', 'the ingest thread is gone');
    this.#admitted.clear();
    for (const done of [...this.#questions.values()]) done();
    this.#memories.close();
    this.#gone(this.counts);
  }

  #takeEvent(event: IngestEvent): void {
    switch (event.kind) {
      case 'publish':
        return void this.#publish(event.publication, event.request);
      case 'refused':
        return this.#world.lives.refused(event.code, event.request);
      case 'memory':
        return this.#memories.add(event.memory, event.bytes);
      case 'forget':
        return this.#memories.forget(event.memory);
      case 'init':
        return this.#packaging(event.publication)?.output.init(event.init, event.discontinuity);
      case 'part': {
        const { memory, hold, ...part } = event.part;
        const { block, done } = this.#memories.part(memory, hold);
        try {
          const packaging = this.#packaging(event.publication);
          packaging?.clock.restore(event.clock);
          packaging?.output.part({ ...part, block });
        } finally {
          done();
        }
        return;
      }
      case 'end_segment':
        return this.#packaging(event.publication)?.output.endSegment();
      case 'ended': {
        const admitted = this.#admitted.get(event.publication);
        this.#admitted.delete(event.publication);
        admitted?.packaging?.clock.restore(event.clock);
        return admitted?.publication.end(event.reason, event.detail);
      }
      case 'done':
        return this.#questions.get(event.question)?.();
      case 'counts':
        this.counts = event.counts;
    }
  }

  #packaging(publication: number): PackagingStart | null {
    return this.#admitted.get(publication)?.packaging ?? null;
  }

  async #publish(number: number, request: PublishRequest): Promise<void> {
    const { lives, hasRoom, log } = this.#world;
    const admitted: { packaging: PackagingStart | null } = { packaging: null };
    try {
      if (!hasRoom() && !lives.replaces(request.streamKey)) {
        lives.refused('too_many_connections', request);
        throw new Refused('too_many_connections');
      }
      const publication = await lives.publish(request, this.#connection(number), (start) => {
        admitted.packaging = start;
        return { sink: NO_SINK, close: () => (admitted.packaging = null) };
      });
      if (this.#closed) return publication.end('disconnected', 'the ingest thread is gone');
      const { videoUuid, sessionId } = publication;
      this.#admitted.set(number, Object.assign(admitted, { publication }));
      // Null when it was taken over in the very moment: it has been told to close.
      const { clock, discontinuity } = admitted.packaging ?? { clock: null, discontinuity: true };
      if (clock === null) throw new Refused('taken_over');
      this.#post({
        kind: 'admitted',
        publication: number,
        admitted: { videoUuid, sessionId, clock: clock.snapshot(), discontinuity },
      });
    } catch (error) {
      this.#admitted.delete(number);
      if (!(error instanceof Refused)) log.error({ connection: request.connectionId, err: error }, 'publisher failed');
      this.#post({ kind: 'refused', publication: number, code: error instanceof Refused ? error.code : 'internal_error' });
    }
  }

  /** The publisher's connection, as the lives know it. */
  #connection(publication: number): PublisherConnection {
    return {
      readNow: () => this.#ask((question) => ({ kind: 'read', publication, question })),
      finish: () => this.#ask((question) => ({ kind: 'finish', publication, question })),
      close: (code) => this.#post({ kind: 'close_connection', publication, code }),
    };
  }

  /** Resolves when the thread has done it, or is gone. */
  #ask(message: (question: number) => ToIngest): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#lastQuestion += 1;
    const question = this.#lastQuestion;
    return new Promise((resolve) => {
      this.#questions.set(question, () => {
        this.#questions.delete(question);
        resolve();
      });
      this.#post(message(question));
    });
  }
}
