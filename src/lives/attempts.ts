import type { RefusalCode } from '../errors.ts';
import type { Attempt } from './attempt.ts';
import { uuidv7 } from './uuidv7.ts';

/** Attempts that are kept of one live, and of all keys that no live has. */
export const ATTEMPTS_OF_LIVE = 100;
export const ATTEMPTS_OF_NOBODY = 1000;

const NOBODY = '';
/** What an encoder calls itself may be anything. */
const LONGEST_TEXT = 200;

/** The newest tries to publish, in memory. */
export class Attempts {
  readonly #kept: (attempt: Attempt) => void;
  /** By live, oldest first. */
  readonly #byLive = new Map<string, Attempt[]>();
  readonly #counts = new Map<RefusalCode | 'accepted', number>();

  /** `kept` hears of each one, and must not throw. */
  constructor(kept: (attempt: Attempt) => void = () => undefined) {
    this.#kept = kept;
  }

  add(told: Omit<Attempt, 'id'>): void {
    const encoder = told.encoder?.slice(0, LONGEST_TEXT) ?? null;
    const attempt = { ...told, encoder, id: uuidv7(told.at) };
    this.count(attempt.code);
    const live = attempt.videoUuid ?? NOBODY;
    const list = this.#byLive.get(live) ?? [];
    this.#byLive.set(live, list);
    list.push(attempt);
    if (list.length > (live === NOBODY ? ATTEMPTS_OF_NOBODY : ATTEMPTS_OF_LIVE)) list.shift();
    this.#kept(attempt);
  }

  /** One that ended before a key was told: only its number is kept. */
  count(code: RefusalCode | 'accepted'): void {
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
  }

  /** How many there were since the start. */
  get counts(): ReadonlyMap<RefusalCode | 'accepted', number> {
    return this.#counts;
  }

  /** Those of a live, newest first; with null those with a key that no live has. */
  of(videoUuid: string | null): Attempt[] {
    return [...(this.#byLive.get(videoUuid ?? NOBODY) ?? [])].reverse();
  }

  /** The live is gone. */
  forget(videoUuid: string): void {
    this.#byLive.delete(videoUuid);
  }
}
