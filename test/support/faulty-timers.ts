import { AsyncLocalStorage } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import type { TestContext } from 'node:test';
import timersPromises from 'node:timers/promises';
import { until } from './until.ts';

/**
 * `throws`: there is a bug in what the timer calls; a sleep rejects. `never`: it does not come. `late`: it comes when `comeLate` is called, unless it was
 * cleared meanwhile: that much Node promises. Of an interval the first coming is struck, or with `never` all are.
 */
export const TIMER_MODES = ['throws', 'never', 'late'] as const;

export interface TimerFault {
  /** File below src/ that sets it, and the how manieth of that file it is. */
  readonly timer: string;
  readonly mode: (typeof TIMER_MODES)[number];
  /** Which call made by the timer throws, 1 being the first. */
  readonly call: number;
}

/** The first coming of a timer, and what it has called so far. */
interface Coming {
  readonly play: TimerPlay;
  readonly timer: string;
}

/** Files below src/ whose timers are watched, and how long these take at the most, ms, or in place of so many. */
export type WatchedFiles = Readonly<Record<string, number | ((ms: number, play: TimerPlay) => number)>>;
type Callback = (...args: unknown[]) => void;
type SetTimer = (callback: Callback, ms?: number, ...args: unknown[]) => NodeJS.Timeout;
type Sleep = <T>(ms?: number, value?: T, options?: { signal?: AbortSignal | undefined }) => Promise<T>;

/** Told apart by who set off what sets them: plays may go on beside each other. What sockets of a server set off is told of nobody: it is of the only play. */
const playing = new AsyncLocalStorage<TimerPlay | undefined>();
const plays = new Set<TimerPlay>();
const coming = new AsyncLocalStorage<Coming | undefined>();
const entries = new WeakMap<NodeJS.Timeout, { play: TimerPlay; timer: string }>();
const real = { setTimeout, setInterval, clearTimeout, clearInterval, sleep: timersPromises.setTimeout };
/** What a timer sets off may go on for ever; so much of it is its own. */
const MOST_CALLS = 6;
/** Machines may be busy. */
const WITHIN_MS = 30_000;

/** A call that a bug can sit in. The clocks are such calls; tests wrap what they give to the code with `tripping`. */
function trip(): void {
  const at = coming.getStore();
  at?.play.called(at.timer);
}

/** The same, but for the bug that may be in it when a timer calls it. */
export function tripping<Args extends unknown[], Result>(call: (...args: Args) => Result): (...args: Args) => Result {
  return (...args) => {
    trip();
    return call(...args);
  };
}

/** A story, and one of the timers that are set in it at fault. */
export class TimerPlay {
  /** Timers in the order they were set, and how many calls their first coming makes. */
  readonly calls = new Map<string, number>();
  struck = false;
  /** For stories in which timers are to be quick only for a while. */
  isHurried = false;
  readonly uncaught: string[] = [];
  readonly #files: WatchedFiles;
  readonly #fault: TimerFault | null;
  readonly #counts = new Map<string, number>();
  readonly #running = new Set<string>();
  readonly #held = new Map<string, () => void>();

  constructor(files: WatchedFiles, fault: TimerFault | null) {
    this.#files = files;
    this.#fault = fault;
  }

  run<Result>(story: () => Promise<Result>): Promise<Result> {
    plays.add(this);
    return playing.run(this, story).finally(() => plays.delete(this));
  }

  /** Timers that are still to come. */
  get running(): string[] {
    return [...this.#running];
  }

  /** Those that are late come now. */
  comeLate(): void {
    const held = [...this.#held.values()];
    this.#held.clear();
    for (const come of held) come();
  }

  /** Waits until it is so, for which one that is late comes at last. One that never comes may keep it from being so: then nobody waits. */
  async until(what: string, ask: () => boolean): Promise<void> {
    const isSo = (): boolean => {
      if (ask() || (this.struck && this.#fault?.mode === 'never')) return true;
      this.comeLate();
      return false;
    };
    await until(what, isSo, { everyMs: 5, withinMs: WITHIN_MS });
  }

  called(timer: string): void {
    const count = (this.calls.get(timer) ?? 0) + 1;
    if (count > MOST_CALLS) return;
    this.calls.set(timer, count);
    if (!this.#isStruck(timer, 'throws') || this.#fault?.call !== count) return;
    this.struck = true;
    throw new Error(`made up: a bug in call ${count} of timer ${timer}`);
  }

  set(kind: 'setTimeout' | 'setInterval', file: string, callback: Callback, ms: number, args: unknown[]): NodeJS.Timeout {
    const timer = this.#next(file);
    let first = true;
    const come = (): void => {
      const isFirst = first;
      first = false;
      if (kind === 'setTimeout') this.#running.delete(timer);
      try {
        playing.run(this, () => coming.run(isFirst ? { play: this, timer } : undefined, () => callback(...args)));
      } catch (error) {
        // It would end the process.
        this.uncaught.push((error as Error).message);
      }
    };
    const struck = (): void => {
      if (!first) return come();
      this.struck = true;
      if (this.#isStruck(timer, 'never')) return;
      if (this.#isStruck(timer, 'late')) {
        this.#held.set(timer, come);
        if (kind === 'setInterval') first = false;
      }
    };
    const isStruck = this.#isStruck(timer, 'never') || this.#isStruck(timer, 'late');
    const made = real[kind](isStruck ? struck : come, this.#quick(file, ms));
    entries.set(made, { play: this, timer });
    return made;
  }

  async sleep(file: string, ms: number, signal?: AbortSignal): Promise<void> {
    const timer = this.#next(file);
    this.calls.set(timer, 1);
    try {
      await real.sleep(this.#quick(file, ms), undefined, { signal });
      if (this.#fault?.timer !== timer) return;
      this.struck = true;
      if (this.#fault.mode === 'throws') throw new Error(`made up: sleep ${timer} rejects`);
      // Nobody can end it.
      if (signal === undefined) this.#running.delete(timer);
      await new Promise<void>((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
        if (this.#fault?.mode === 'late') this.#held.set(timer, resolve);
      });
    } finally {
      this.#running.delete(timer);
    }
  }

  cleared(timer: string): void {
    this.#running.delete(timer);
    this.#held.delete(timer);
  }

  watches(file: string): boolean {
    return this.#files[file] !== undefined;
  }

  #next(file: string): string {
    const count = (this.#counts.get(file) ?? 0) + 1;
    this.#counts.set(file, count);
    const timer = `${file} ${count}`;
    this.calls.set(timer, 0);
    this.#running.add(timer);
    return timer;
  }

  #quick(file: string, ms: number): number {
    const most = this.#files[file];
    return typeof most === 'number' ? Math.min(ms, most) : most(ms, this);
  }

  #isStruck(timer: string, mode: TimerFault['mode']): boolean {
    return this.#fault?.timer === timer && this.#fault.mode === mode;
  }
}

/** The play that is on, and the file below src/ that has called the one who asks; null when it is not watched. */
function caller(): { play: TimerPlay; file: string } | null {
  const play = playing.getStore() ?? (plays.size === 1 ? [...plays][0] : undefined);
  if (play === undefined) return null;
  const [, file] = /\/src\/([\w/-]+\.ts):/.exec((new Error().stack ?? '').split('\n')[3] ?? '') ?? [];
  return file !== undefined && play.watches(file) ? { play, file } : null;
}

/** Stands between the rooms and their timers, until the test is over. */
export function installTimers(t: TestContext): void {
  for (const kind of ['setTimeout', 'setInterval'] as const) {
    const set: SetTimer = (callback, ms = 1, ...args) => {
      const watched = caller();
      if (watched === null) return (real[kind] as SetTimer)(callback, ms, ...args);
      return watched.play.set(kind, watched.file, callback, ms, args);
    };
    Object.assign(globalThis, { [kind]: set });
  }
  for (const kind of ['clearTimeout', 'clearInterval'] as const) {
    const clear = (timer?: NodeJS.Timeout): void => {
      const entry = timer === undefined ? undefined : entries.get(timer);
      entry?.play.cleared(entry.timer);
      real[kind](timer);
    };
    Object.assign(globalThis, { [kind]: clear });
  }
  const sleep: Sleep = async (ms = 1, value, options) => {
    const watched = caller();
    if (watched === null) return real.sleep(ms, value, options);
    await watched.play.sleep(watched.file, ms, options?.signal);
    return value as never;
  };
  Object.assign(timersPromises, { setTimeout: sleep });
  syncBuiltinESMExports();
  const clocks = [performance, Date].map((clock) => ({ clock, now: clock.now.bind(clock) }));
  for (const { clock, now } of clocks) Object.assign(clock, { now: tripping(now) });
  t.after(() => {
    const { sleep: realSleep, ...globals } = real;
    Object.assign(globalThis, globals);
    Object.assign(timersPromises, { setTimeout: realSleep });
    syncBuiltinESMExports();
    for (const { clock, now } of clocks) Object.assign(clock, { now });
  });
}
