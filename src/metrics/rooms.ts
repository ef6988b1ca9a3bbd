/** What the rooms count of themselves, as far as it is shown. Their own objects fit: nothing is copied, and nobody is asked between two scrapes. */
export interface MeasuredRooms {
  readonly version: string;
  readonly lives: {
    count(): { lives: number; onAir: number; interrupted: number; recordingsFailing: number };
    readonly attempts: { readonly counts: ReadonlyMap<string, number> };
    readonly tally: {
      readonly sessionsBegun: number;
      readonly sessionsEnded: ReadonlyMap<string, number>;
      readonly takeovers: number;
      readonly parts: number;
      readonly segments: number;
      readonly recordedBytes: number;
    };
    readonly restarts: { readonly pending: number };
  };
  readonly rtmp: {
    readonly connectionCount: number;
    readonly publishingCount: number;
    readonly turnedAwayCount: number;
    readonly receivedBytes: number;
    readonly limits: { readonly publishers: number };
  };
  readonly ledger: { readonly pending: number; readonly degraded: boolean };
}

/** Everything of one scrape: the rooms, and what had to be asked for it. */
export interface Reading extends MeasuredRooms {
  readonly counts: ReturnType<MeasuredRooms['lives']['count']>;
  readonly database: { readonly ok: boolean; readonly latencyMs: number };
  readonly players: {
    readonly requests: Readonly<Record<string, number>>;
    readonly failures: number;
    readonly waiting: number;
    readonly connections: number;
    readonly sentBytes: number;
  };
  readonly process: ProcessReading;
}

export interface ProcessReading {
  readonly cpuMs: number;
  readonly residentBytes: number;
  readonly startedAtMs: number;
  readonly delayP50Ms: number;
  readonly delayP99Ms: number;
}
