import { setTimeout as sleep } from 'node:timers/promises';
import { Fleet } from '../../src/cli/fleet.ts';
import type { FleetEnd } from '../../src/cli/fleet.ts';
import { percentile } from '../figures/distribution.ts';
import { until } from '../load/publishers.ts';
import type { Publishers } from '../load/publishers.ts';
import { firstMedia, lookedAt } from '../probe/first-media.ts';
import { cpuBetween, readCpu } from '../process/process-tree.ts';
import type { MeasuredServer, MeasuredStream } from '../servers/measured-server.ts';

/** Times from the common instant, in ms. */
export interface Times {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  /** Streams that had none in time. */
  readonly missing: number;
}

/** What one start of all gave. */
export interface StormStart {
  readonly accepted: Times;
  readonly firstMedia: Times;
  /** CPU of the server in the first 3 s, for each stream: what a start costs, with its first media and the looks at its playlist; in ms. */
  readonly cpuMs: number;
  readonly lost: readonly string[];
}

export interface StormRoundOptions {
  readonly server: MeasuredServer;
  readonly streams: readonly MeasuredStream[];
  readonly publishers: Publishers;
  /** Broadcasts there were before; see firstMedia. */
  readonly known: Set<string>;
  /** Between two starts. */
  readonly gapMs: number;
  readonly restarts: number;
  readonly how: FleetEnd;
  readonly signal: AbortSignal;
}

/** A restart is told from what was before by the time its media has: nobody waits for as long as that was on air. */
const SPARE_MS = 1000;
const SETTLED_MS = 1000;
const CPU_FOR_MS = 3000;

/** All connect in one instant; then all are dropped and connect again at once, so many times. The first of the results is the start. */
export async function stormRound(options: StormRoundOptions): Promise<StormStart[]> {
  const { streams, publishers, restarts, how, server, signal } = options;
  const starts: StormStart[] = [];
  for (let start = 0; start <= restarts; start += 1) {
    if (start > 0) await publishers.stop(streams, how);
    starts.push(await oneStart(options));
  }
  await publishers.stop(streams, 'clean');
  await sleep(SETTLED_MS, undefined, { signal });
  await server.dropMedia();
  return starts;
}

async function oneStart(options: StormRoundOptions): Promise<StormStart> {
  const { server, streams, publishers, known, gapMs, signal } = options;
  const instantMs = publishers.begin(streams);
  const looked = lookedAt(streams);
  const { server: pids } = server.processes();
  const before = readCpu(pids);
  const measured = until(instantMs + CPU_FOR_MS, signal).then(() => cpuBetween(before, readCpu(pids)).ns / 1e6 / streams.length);
  measured.catch(() => {}); // awaited below
  const found = await firstMedia({ server, ...looked, instantMs, withinMs: gapMs - SPARE_MS, known, signal });
  await until(Math.max(instantMs + gapMs, Fleet.now()), signal);
  const accepted = [...publishers.taken.values()].map(({ acceptedAtMs }) => acceptedAtMs - instantMs);
  return {
    accepted: timesOf(accepted, streams.length),
    firstMedia: timesOf(found, looked.streams.length),
    cpuMs: await measured,
    lost: publishers.lost,
  };
}

function timesOf(times: readonly number[], wanted: number): Times {
  const [p50, p95, max] = [0.5, 0.95, 1].map((share) => percentile(times, share));
  return { p50, p95, max, missing: wanted - times.length };
}
