import type { Logger } from '../log.ts';
import { nextAt } from './daily.ts';
import type { DailyRule } from './daily.ts';
import type { Restarts } from './restarts.ts';

export interface RestartScheduleOptions {
  readonly rule: DailyRule;
  readonly overMs: number;
  readonly restarts: Pick<Restarts, 'plan'>;
  readonly log: Logger;
  readonly now?: () => number;
}

/** How often the clock is looked at: it may be set, and the machine may sleep. */
const LOOK_MS = 1000;
/** A machine that slept over the time leaves it out: nobody expects it at noon. */
const LATE_MS = 15 * 60_000;

/** Plans the restart of all permanent lives that are on air, once a day. */
export class RestartSchedule {
  readonly #options: RestartScheduleOptions;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #dueAt: number;

  constructor(options: RestartScheduleOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#dueAt = nextAt(this.#now(), options.rule);
    this.#tell();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** When it is due next, ms of the epoch. */
  get dueAt(): number {
    return this.#dueAt;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { restarts, overMs, rule, log } = this.#options;
    try {
      const now = this.#now();
      const dueAt = this.#dueAt;
      if (now < dueAt) return;
      this.#dueAt = nextAt(now, rule);
      this.#tell();
      if (now - dueAt < LATE_MS) restarts.plan(null, overMs);
      else log.warn({ at: new Date(dueAt) }, 'the daily restart is left out: its time was missed');
    } catch (error) {
      log.error({ err: error }, 'the daily restart failed');
    }
  }

  #tell(): void {
    this.#options.log.info({ at: new Date(this.#dueAt) }, 'daily restart');
  }
}
