import { setTimeout as sleep } from 'node:timers/promises';
import { Fleet } from '../../src/cli/fleet.ts';
import type { FleetCount, FleetEnd, FleetEvent } from '../../src/cli/fleet.ts';
import type { MeasuredStream } from '../servers/measured-server.ts';

/** From the order to the instant in which all connect: the order must have arrived. */
const NOTICE_MS = 50;

/** When a publisher of a round asked and was taken; ms since 1970, with fractions. */
export interface Taken {
  readonly askedAtMs: number;
  readonly acceptedAtMs: number;
}

/** The publishers of a benchmark, in a process of their own: both servers get the same bytes at the same pace. */
export class Publishers {
  readonly fleet: Fleet;
  /** By number of the stream. */
  taken = new Map<number, Taken>();
  /** When the end of each was wanted, in the same time. */
  ending = new Map<number, number>();
  /** Connections of this round that were refused, or that broke by themselves. */
  lost: string[] = [];

  /** `kbps` of each; the sample itself has some 600. */
  static async start(kbps: number): Promise<Publishers> {
    const open: { publishers: Publishers | null } = { publishers: null };
    const fleet = await Fleet.start({ bitrate: kbps * 1000, onEvent: (event) => open.publishers?.note(event) });
    return (open.publishers = new Publishers(fleet));
  }

  private constructor(fleet: Fleet) {
    this.fleet = fleet;
  }

  /** One publisher for each stream connects in the instant that is given back. */
  begin(streams: readonly MeasuredStream[]): number {
    this.taken = new Map();
    this.ending = new Map();
    this.lost = [];
    const atMs = Fleet.now() + NOTICE_MS;
    this.fleet.begin(
      streams.map(({ publishUrl: url }, id) => ({ id, url })),
      { atMs },
    );
    return atMs;
  }

  async stop(streams: readonly MeasuredStream[], how: FleetEnd): Promise<void> {
    await this.fleet.stop(
      streams.map((_, id) => id),
      how,
    );
  }

  count(): Promise<FleetCount> {
    return this.fleet.count();
  }

  close(): Promise<void> {
    return this.fleet.close();
  }

  private note(event: FleetEvent): void {
    if (event.kind === 'accepted') this.taken.set(event.id, event);
    else if (event.kind === 'refused') this.lost.push(`refused: ${event.code}`);
    else if (event.end !== 'lost') this.ending.set(event.id, event.endingAtMs);
    else this.lost.push(`lost: ${event.reason}`);
  }
}

/** Waits until an instant of the machine's clock. */
export async function until(atMs: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, atMs - Fleet.now()), undefined, { signal });
}
