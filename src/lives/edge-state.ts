import { constants } from 'node:fs';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../log.ts';
import type { MediaTimeline, TimelineStart } from '../packager/media-timeline.ts';

/** A live that was never broadcast. */
export const FIRST_START: TimelineStart = { mediaSequence: 0, discontinuitySequence: 0, targetDuration: 2 };

/** Where a playlist goes on whose place nobody knows: numbers that it can not have reached. */
export function newStart(nowMs: number): TimelineStart {
  const number = Math.floor(nowMs / 1000);
  return { ...FIRST_START, mediaSequence: number, discontinuitySequence: number };
}

/** What a playlist listed, for one that is made again from the recordings never to begin before it. */
export interface Listed {
  /** Media sequence number that the playlist began with, or one before it. */
  readonly first: number;
  /** How much the playlist has kept since. */
  readonly windowTicks: number;
}

/** What a live's playlist lists now. */
export function listedBy({ edge, windowTicks }: { edge: { timeline: MediaTimeline }; windowTicks: number }): Listed {
  return { first: edge.timeline.segments.first, windowTicks };
}

/** Where a live's playlist stands; without what it listed, where that is not known. */
export type EdgePlace = TimelineStart & Partial<Listed>;

/** Every state is written as this many bytes, padded: over those of the one before, which a disk that is full allows too, and within one of its sectors. */
const STATE_BYTES = 192;

/** Where each live's playlist stands, kept so that its numbers never go back even when its recordings are gone. */
export class EdgeStates {
  readonly #directory: string;
  readonly #log: Logger;
  /** Writes of one live come one after the other, in the order of the calls. */
  readonly #turns = new Map<string, Promise<void>>();
  /** What the disk refused, until it is kept or something newer is. */
  readonly #unkept = new Map<string, EdgePlace>();
  /** What is known of each live's playlist. */
  readonly #places = new Map<string, EdgePlace>();

  #retry: NodeJS.Timeout | null = null;
  readonly #retryMs: number;
  #closed = false;

  /** What the disk refuses is tried again after `retryMs`. */
  constructor(directory: string, log: Logger, retryMs: number) {
    this.#directory = directory;
    this.#log = log;
    this.#retryMs = retryMs;
  }

  async start(): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
  }

  /** Where a live's playlist stands; one whose file is damaged goes on from a number that it can not have reached. */
  async read(videoUuid: string, nowMs: number): Promise<EdgePlace> {
    const place = await this.#read(videoUuid, nowMs);
    this.#places.set(videoUuid, place);
    return place;
  }

  async #read(videoUuid: string, nowMs: number): Promise<EdgePlace> {
    const file = this.#file(videoUuid);
    try {
      const text = await readFile(file, 'utf8');
      return text === '' ? FIRST_START : parseState(text); // made, and never written
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return FIRST_START;
      if (!(error instanceof SyntaxError)) throw error;
      const start = newStart(nowMs);
      this.#log.error(
        { file, err: error, mediaSequence: start.mediaSequence },
        'playlist state is damaged: the playlist goes on from a number that is new for sure',
      );
      return start;
    }
  }

  /** Replaces the state whole, when `after` has resolved: a crash leaves the old or the new one. Never rejects. */
  write(videoUuid: string, start: EdgePlace, after: Promise<void> = Promise.resolve()): Promise<void> {
    const file = this.#file(videoUuid);
    const state = { ...this.#places.get(videoUuid), ...start };
    this.#places.set(videoUuid, state);
    return this.#turn(videoUuid, async () => {
      await after;
      const again = this.#unkept.has(videoUuid);
      this.#unkept.set(videoUuid, state);
      try {
        await this.#keep(file, state);
        this.#unkept.delete(videoUuid);
      } catch (error) {
        this.#refused(videoUuid, again, error);
      }
    });
  }

  /** Keeps what a playlist lists from now on; `start` is where one stands of which nothing is known. Never rejects. */
  list(videoUuid: string, start: TimelineStart, listed: Listed): Promise<void> {
    return this.write(videoUuid, { ...start, ...this.#places.get(videoUuid), ...listed });
  }

  /** Never rejects. */
  remove(videoUuid: string): Promise<void> {
    this.#places.delete(videoUuid);
    return this.#turn(videoUuid, async () => {
      this.#unkept.delete(videoUuid);
      await rm(this.#file(videoUuid), { force: true });
    });
  }

  /** Tries once more what is not kept; resolves when all that was asked for is done. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#writeUnkept();
    await Promise.all(this.#turns.values());
  }

  async #keep(file: string, state: EdgePlace): Promise<void> {
    const handle = await open(file, constants.O_WRONLY | constants.O_CREAT, 0o640);
    try {
      const isNew = (await handle.stat()).size < STATE_BYTES;
      const bytes = Buffer.from(JSON.stringify(state).padEnd(STATE_BYTES));
      const { bytesWritten } = await handle.write(bytes, 0, STATE_BYTES, 0);
      if (bytesWritten < STATE_BYTES) throw new Error(`only ${bytesWritten} bytes were written`);
      if (isNew) await handle.sync(); // from here on its bytes are there, and only change
    } finally {
      await handle.close();
    }
  }

  #refused(videoUuid: string, again: boolean, error: unknown): void {
    if (!again) this.#log.error({ live: videoUuid, err: error }, 'playlist state could not be kept: it is tried again');
    if (this.#closed) return;
    this.#retry ??= setTimeout(() => {
      this.#retry = null;
      this.#writeUnkept();
    }, this.#retryMs).unref();
  }

  #writeUnkept(): void {
    for (const [videoUuid, state] of this.#unkept) if (!this.#turns.has(videoUuid)) void this.write(videoUuid, state);
  }

  #turn(videoUuid: string, work: () => Promise<void>): Promise<void> {
    const turn = (this.#turns.get(videoUuid) ?? Promise.resolve())
      .then(work)
      .catch((error: unknown) => this.#log.error({ live: videoUuid, err: error }, 'playlist state could not be deleted'))
      .then(() => {
        if (this.#turns.get(videoUuid) === turn) this.#turns.delete(videoUuid);
      });
    this.#turns.set(videoUuid, turn);
    return turn;
  }

  #file(videoUuid: string): string {
    return join(this.#directory, `${videoUuid}.json`);
  }
}

function parseState(text: string): EdgePlace {
  const state = JSON.parse(text) as EdgePlace | null;
  for (const name of ['mediaSequence', 'discontinuitySequence', 'targetDuration'] as const)
    if (!isCount(state?.[name])) throw new SyntaxError(`${name} is not a whole number`);
  const { first, windowTicks, ...start } = state as EdgePlace;
  return isCount(first) && isCount(windowTicks) ? { ...start, first, windowTicks } : start;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
