import { setTimeout as sleep } from 'node:timers/promises';
import { Fleet } from '../../src/cli/fleet.ts';
import { percentile } from '../figures/distribution.ts';
import { inRounds } from '../figures/rounds.ts';
import { Publishers, until } from '../load/publishers.ts';
import { cpuBetween, readCpu } from '../process/process-tree.ts';
import type { MeasuredServer, MeasuredStream } from '../servers/measured-server.ts';
import { listServers } from '../servers/servers.ts';
import type { Servers } from '../servers/servers.ts';
import { watchEdge } from './viewer.ts';

/** What so many viewers of some live streams gave. */
export interface ViewerLoad {
  /** CPU of the server for a second of one viewer, over that without viewers, in microseconds. */
  readonly cpuUs: number;
  readonly stalls: number;
  readonly ageMs: { readonly p50: number; readonly p99: number };
  readonly requestsPerSecond: number;
  readonly megabits: number;
}

export interface ViewersOptions {
  readonly viewers: number;
  readonly streams: number;
  readonly seconds: number;
  readonly rounds: number;
}

export interface ViewersResult extends ViewersOptions {
  readonly ours: readonly ViewerLoad[];
  readonly peers: readonly ViewerLoad[];
}

const LEFT_OUT_MS = 4000;
/** Viewers come one after the other, over so long. */
const COMING_MS = 1000;
/** Some viewers look into what they get: all would cost more than what is measured. */
const LOOKING = 50;
/** Four parts of 200 ms; three segments of 1 s. */
const HOLD_BACK_MS = { reprise: 800, other: 3000 };

export async function viewerLoads(
  servers: Servers,
  options: ViewersOptions,
  signal: AbortSignal,
  progress: (text: string) => void,
): Promise<ViewersResult> {
  const publishers = await Publishers.start(600);
  try {
    const candidates = await Promise.all(
      listServers(servers).map(async (server) => ({ server, streams: await server.prepare(options.streams) })),
    );
    const loads = await inRounds(candidates, options.rounds, async ({ server, streams }) => {
      await until(publishers.begin(streams) + LEFT_OUT_MS, signal);
      const load = await oneLoad(server, streams, publishers, options, signal);
      await publishers.stop(streams, 'clean');
      progress(
        `${options.viewers} viewers, ${server.name}: ${load.cpuUs.toFixed(0)} us per viewer-second, ${load.stalls} stalls`,
      );
      return load;
    });
    const [ours, peers] = candidates.map((candidate) => loads.get(candidate) ?? []);
    return { ...options, ours, peers: peers ?? [] };
  } finally {
    await publishers.close();
  }
}

async function oneLoad(
  server: MeasuredServer,
  streams: readonly MeasuredStream[],
  publishers: Publishers,
  { viewers, seconds }: ViewersOptions,
  signal: AbortSignal,
): Promise<ViewerLoad> {
  const { server: pids } = server.processes();
  const measure = async (): Promise<number> => {
    const before = readCpu(pids);
    const began = Fleet.now();
    await sleep(seconds * 1000, undefined, { signal });
    return cpuBetween(before, readCpu(pids)).ns / (Fleet.now() - began) / 1000;
  };
  const idle = await measure();
  const untilMs = Fleet.now() + COMING_MS + (seconds + 1) * 1000;
  const ages: number[] = [];
  const watching = Promise.all(
    Array.from({ length: viewers }, async (_, i) => {
      await sleep((COMING_MS * i) / viewers, undefined, { signal });
      const id = i % streams.length;
      const zeroAtMs = i < LOOKING ? (publishers.taken.get(id)?.acceptedAtMs ?? null) : null;
      const holdBackMs = server.name === 'reprise' ? HOLD_BACK_MS.reprise : HOLD_BACK_MS.other;
      return watchEdge({ server, stream: streams[id], zeroAtMs, holdBackMs, untilMs, ages, signal });
    }),
  );
  watching.catch(() => {}); // awaited below, behind the measuring
  await sleep(COMING_MS, undefined, { signal });
  const busy = await measure();
  const viewed = await watching;
  const sum = (of: 'stalls' | 'requests' | 'bytes'): number => viewed.reduce((total, each) => total + each[of], 0);
  const lasted = seconds + 1 + COMING_MS / 2000;
  return {
    cpuUs: ((busy - idle) * 1000) / viewers,
    stalls: sum('stalls'),
    ageMs: { p50: percentile(ages, 0.5), p99: percentile(ages, 0.99) },
    requestsPerSecond: sum('requests') / lasted,
    megabits: (sum('bytes') * 8) / lasted / 1e6,
  };
}
