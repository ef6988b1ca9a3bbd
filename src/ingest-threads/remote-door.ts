import { setImmediate as nextTurn } from 'node:timers/promises';
import { Refused } from '../errors.ts';
import type { RefusalCode } from '../errors.ts';
import type { Publication, PublishDoor, PublisherConnection, PublishRequest } from '../lives/door.ts';
import type { BlockPool, PartMemory } from '../packager/block-pool.ts';
import { Packager } from '../packager/packager.ts';
import type { InitSegment, PackagerOutput, Part } from '../packager/packager.ts';
import { SessionClock } from '../packager/session-clock.ts';
import type { Mailbox } from '../threads/mailbox.ts';
import type { AdmittedPublication, IngestData, IngestEvent, ToIngest } from './messages.ts';

export interface RemoteDoorOptions extends Pick<IngestData, 'partMs' | 'segmentMinMs' | 'segmentMaxMs'> {
  readonly events: Mailbox<IngestEvent>;
  readonly pool: BlockPool;
  /** The number that a part's memory is known by on the other thread. */
  readonly memoryOf: (block: PartMemory) => number;
}

interface Asking {
  readonly resolve: (admitted: AdmittedPublication) => void;
  readonly reject: (error: Refused) => void;
}

/** A turn in which a socket that is told to is read, and two for what is read at its end. */
const TURNS_TO_READ = 3;

/** The door to the lives of another thread: frames become parts here, and parts are recorded there. */
export class RemoteDoor implements PublishDoor {
  readonly #options: RemoteDoorOptions;
  readonly #connections = new Map<number, PublisherConnection>();
  readonly #packagers = new Map<number, Packager>();
  readonly #asking = new Map<number, Asking>();
  readonly #held = new Map<number, PartMemory>();
  #lastPublication = 0;
  #lastHold = 0;

  constructor(options: RemoteDoorOptions) {
    this.#options = options;
  }

  async publish(request: PublishRequest, connection: PublisherConnection): Promise<Publication> {
    const { events, pool, partMs, segmentMinMs, segmentMaxMs } = this.#options;
    this.#lastPublication += 1;
    const number = this.#lastPublication;
    this.#connections.set(number, connection);
    const asked = new Promise<AdmittedPublication>((resolve, reject) => this.#asking.set(number, { resolve, reject }));
    events.put({ kind: 'publish', publication: number, request });
    events.flush();
    const { videoUuid, sessionId, clock: snapshot, discontinuity } = await asked;
    const clock = new SessionClock();
    clock.restore(snapshot);
    const output = this.#output(number, clock);
    const packager = new Packager({ clock, now: Date.now, pool, output, partMs, segmentMinMs, segmentMaxMs, discontinuity });
    this.#packagers.set(number, packager);
    let over = false;
    return {
      videoUuid,
      sessionId,
      sink: packager,
      end: (reason, detail) => {
        if (over) return;
        over = true;
        packager.close();
        this.#packagers.delete(number);
        this.#connections.delete(number);
        events.put({ kind: 'ended', publication: number, reason, detail, clock: clock.snapshot() });
      },
    };
  }

  /** Who has room is the other thread's to say. */
  replaces(): boolean {
    return true;
  }

  refused(code: RefusalCode, request: PublishRequest | null): void {
    this.#options.events.put({ kind: 'refused', code, request });
  }

  /** What the other thread says. */
  take(message: ToIngest): void {
    switch (message.kind) {
      case 'admitted':
        this.#answered(message.publication)?.resolve(message.admitted);
        return;
      case 'refused':
        this.#answered(message.publication)?.reject(new Refused(message.code));
        this.#connections.delete(message.publication);
        return;
      case 'read':
        void this.#read(message.publication, message.question);
        return;
      case 'finish':
        this.#connections.get(message.publication)?.stopMedia?.();
        this.#packagers.get(message.publication)?.close();
        this.#done(message.question);
        return;
      case 'close_connection':
        this.#connections.get(message.publication)?.close(message.code);
        return;
      case 'release':
        for (const hold of message.holds) {
          this.#held.get(hold)?.release();
          this.#held.delete(hold);
        }
        return;
      case 'close':
        return; // for whoever listens
    }
  }

  #answered(publication: number): Asking | undefined {
    const asking = this.#asking.get(publication);
    this.#asking.delete(publication);
    return asking;
  }

  async #read(publication: number, question: number): Promise<void> {
    await this.#connections.get(publication)?.readNow();
    for (let turns = 0; this.#connections.has(publication) && turns < TURNS_TO_READ; turns += 1) await nextTurn();
    this.#done(question);
  }

  #done(question: number): void {
    this.#options.events.put({ kind: 'done', question });
    this.#options.events.flush();
  }

  #output(publication: number, clock: SessionClock): PackagerOutput {
    const { events } = this.#options;
    return {
      init: (init: InitSegment, discontinuity: boolean) => events.put({ kind: 'init', publication, init, discontinuity }),
      part: (part: Part) => events.put({ kind: 'part', publication, part: this.#share(part), clock: clock.snapshot() }),
      endSegment: () => events.put({ kind: 'end_segment', publication }),
    };
  }

  #share({ block, ...part }: Part): Omit<Part, 'block'> & { memory: number; hold: number } {
    block.retain();
    this.#lastHold += 1;
    this.#held.set(this.#lastHold, block);
    return { ...part, memory: this.#options.memoryOf(block), hold: this.#lastHold };
  }
}
