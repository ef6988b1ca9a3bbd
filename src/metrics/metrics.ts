import { Counter, Gauge, Registry } from 'prom-client';
import { FAMILIES } from './families.ts';
import type { Family } from './families.ts';
import { ProcessWatch } from './process-watch.ts';
import type { MeasuredRooms, Reading } from './rooms.ts';

export interface MetricsOptions {
  readonly rooms: MeasuredRooms;
  /** What is counted of the players; in bounded time, and never rejects. */
  readonly readPlayers: () => Promise<Reading['players']>;
  /** Whether the database answers; in bounded time, and never rejects. */
  readonly readDatabase: () => Promise<Reading['database']>;
}

/** The server's metrics: read from the rooms when somebody scrapes, and at no other time. */
export class Metrics {
  readonly contentType: string;
  readonly #options: MetricsOptions;
  readonly #registry = new Registry();
  readonly #process = new ProcessWatch();
  readonly #metrics: readonly { readonly family: Family; readonly metric: Counter | Gauge }[];

  constructor(options: MetricsOptions) {
    this.#options = options;
    this.contentType = this.#registry.contentType;
    this.#metrics = FAMILIES.map((family) => ({ family, metric: this.#create(family) }));
  }

  /** All of them in the Prometheus text format. */
  async render(): Promise<string> {
    const { rooms, readDatabase, readPlayers } = this.#options;
    const [database, players] = await Promise.all([readDatabase(), readPlayers()]);
    const reading: Reading = { ...rooms, players, counts: rooms.lives.count(), database, process: this.#process.read() };
    for (const { family, metric } of this.#metrics) {
      const values = family.read(reading);
      metric.reset();
      if (typeof values === 'number') metric.inc(values);
      else for (const [value, count] of Object.entries(values)) metric.inc({ [family.label ?? 'label']: value }, count);
    }
    return this.#registry.metrics();
  }

  close(): void {
    this.#process.close();
  }

  #create({ name, type, help, label }: Family): Counter | Gauge {
    const configuration = { name, help, labelNames: label === undefined ? [] : [label], registers: [this.#registry] };
    return type === 'counter' ? new Counter(configuration) : new Gauge(configuration);
  }
}
