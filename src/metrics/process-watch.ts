import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ProcessReading } from './rooms.ts';

const RESOLUTION_MS = 10;
/** A window of the event loop's delay lasts so long at the least: several that scrape see the same, and nobody empties it for the others. */
const WINDOW_MS = 10_000;

/** What the process costs, and how long its event loop keeps others waiting. */
export class ProcessWatch {
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #now: () => number;
  #windowBeganAt: number;
  #delay = { delayP50Ms: 0, delayP99Ms: 0 };

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#windowBeganAt = now();
    this.#delays.enable();
  }

  read(): ProcessReading {
    if (this.#now() - this.#windowBeganAt >= WINDOW_MS) {
      this.#delay = { delayP50Ms: this.#percentile(50), delayP99Ms: this.#percentile(99) };
      this.#delays.reset();
      this.#windowBeganAt = this.#now();
    }
    const { user, system } = process.cpuUsage();
    return {
      cpuMs: (user + system) / 1000,
      residentBytes: process.memoryUsage.rss(),
      startedAtMs: performance.timeOrigin,
      ...this.#delay,
    };
  }

  close(): void {
    this.#delays.disable();
  }

  /** The histogram holds the times between two ticks: what is beyond the wanted one is delay. */
  #percentile(percent: number): number {
    return Math.max(0, this.#delays.percentile(percent) / 1e6 - RESOLUTION_MS);
  }
}
