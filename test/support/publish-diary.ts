import { EventEmitter, once } from 'node:events';
import { Refused } from '../../src/errors.ts';
import type { RefusalCode } from '../../src/errors.ts';
import type { Publication, PublicationEnd, PublishDoor, PublisherConnection, PublishRequest } from '../../src/lives/door.ts';
import { FrameDiary } from './frame-diary.ts';

/** One accepted publication, and what became of it. */
export interface DiaryEntry {
  readonly request: PublishRequest;
  readonly connection: PublisherConnection;
  readonly frames: FrameDiary;
  /** Every call of `end`: a second one would be a fault. */
  readonly ends: [PublicationEnd, string | undefined][];
  /** Resolves at the end. */
  readonly ended: Promise<PublicationEnd>;
}

/** A door that admits everyone but the keys it was told to refuse, and keeps what they sent. */
export class PublishDiary implements PublishDoor {
  readonly entries: DiaryEntry[] = [];
  /** Refused before they came to the door. */
  readonly refusedBefore: [RefusalCode, string | null][] = [];
  readonly refusals = new Map<string, RefusalCode>();
  /** Awaited before each answer. */
  delay: Promise<void> = Promise.resolve();
  readonly #events = new EventEmitter();

  async publish(request: PublishRequest, connection: PublisherConnection): Promise<Publication> {
    this.#events.emit('asked', request);
    await this.delay;
    const refusal = this.refusals.get(request.streamKey);
    if (refusal !== undefined) throw new Refused(refusal);
    if (request.streamKey === 'bug') throw new TypeError('a bug of ours');
    const frames = new FrameDiary();
    const { promise, resolve } = Promise.withResolvers<PublicationEnd>();
    const entry: DiaryEntry = { request, connection, frames, ends: [], ended: promise };
    this.entries.push(entry);
    const number = this.entries.length;
    setImmediate(() => this.#events.emit('accepted', entry));
    return {
      videoUuid: `video-${number}`,
      sessionId: `session-${number}`,
      sink: frames,
      end: (reason, detail) => {
        entry.ends.push([reason, detail]);
        resolve(reason);
      },
    };
  }

  replaces(streamKey: string): boolean {
    return this.entries.some(({ request, ends }) => request.streamKey === streamKey && ends.length === 0);
  }

  refused(code: RefusalCode, request: PublishRequest | null): void {
    this.refusedBefore.push([code, request?.streamKey ?? null]);
  }

  /** The next request to publish. */
  async asked(): Promise<PublishRequest> {
    return (await once(this.#events, 'asked'))[0] as PublishRequest;
  }

  /** The next publication that is accepted. */
  async accepted(): Promise<DiaryEntry> {
    return (await once(this.#events, 'accepted'))[0] as DiaryEntry;
  }
}
