import { setTimeout as sleep } from 'node:timers/promises';
import { Fleet } from '../../src/cli/fleet.ts';
import { percentile } from '../figures/distribution.ts';
import { until } from '../load/publishers.ts';
import type { Publishers } from '../load/publishers.ts';
import { firstMedia, lookedAt } from '../probe/first-media.ts';
import { partLatency } from '../probe/part-latency.ts';
import { cpuBetween, readCpu, readPss } from '../process/process-tree.ts';
import type { MeasuredServer, MeasuredStream } from '../servers/measured-server.ts';

/** What one round on one server gave. */
export interface IngestRound {
  readonly accepted: number;
  readonly lost: readonly string[];
  /** CPU of the server without its database, and of that database, in microseconds per second of one stream. */
  readonly cpuUs: number;
  readonly kernelShare: number;
  readonly databaseUs: number;
  /** Memory over that of the idle server, per stream. */
  readonly pssBytes: number;
  readonly firstMediaMs: { readonly p50: number; readonly p95: number; readonly missing: number };
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly count: number };
  /** The load generator: cores it used, and how late it was at the worst. */
  readonly generatorCores: number;
  readonly generatorLateMs: number;
}

export interface IngestRoundOptions {
  readonly server: MeasuredServer;
  readonly streams: readonly MeasuredStream[];
  readonly publishers: Publishers;
  readonly seconds: number;
  /** Memory of the server before the first round. */
  readonly idleBytes: number;
  /** Broadcasts there were before; see firstMedia. */
  readonly known: Set<string>;
  readonly signal: AbortSignal;
  /** Called when the steady state begins, and again when it is over. */
  readonly onSteady?: (atMs: number) => void;
}

/** From the start of all to the steady state. */
const LEFT_OUT_MS = 10_000;
/** Lives that are watched for their latency, and for how long: behind the steady state, for viewers cost CPU too. */
const WATCHED = 8;
const WATCHED_MS = 10_000;
const SETTLED_MS = 1500;

/** All publishers connect at once, send for a while, and end with a goodbye. */
export async function ingestRound(options: IngestRoundOptions): Promise<IngestRound> {
  const { server, streams, publishers, seconds, idleBytes, known, signal, onSteady } = options;
  const instantMs = publishers.begin(streams);
  const looked = lookedAt(streams);
  const first = await firstMedia({ server, ...looked, instantMs, withinMs: LEFT_OUT_MS - 300, known, signal });
  await until(instantMs + LEFT_OUT_MS, signal);

  await publishers.count();
  const { server: pids, database } = server.processes();
  const before = { server: readCpu(pids), database: readCpu(database), atMs: Fleet.now() };
  onSteady?.(before.atMs);
  await sleep(seconds * 1000, undefined, { signal });
  const after = { server: readCpu(pids), database: readCpu(database), atMs: Fleet.now() };
  onSteady?.(after.atMs);
  const generator = await publishers.count();
  const pssBytes = (readPss(pids) - idleBytes) / streams.length;

  const latencies = await watchSome(options);
  const accepted = publishers.taken.size;
  const streamSeconds = (accepted * (after.atMs - before.atMs)) / 1000;
  const cpu = cpuBetween(before.server, after.server);
  await publishers.stop(streams, 'clean');
  await sleep(SETTLED_MS, undefined, { signal });
  await server.dropMedia();
  return {
    accepted,
    lost: publishers.lost,
    cpuUs: cpu.ns / 1000 / streamSeconds,
    kernelShare: cpu.kernelShare,
    databaseUs: cpuBetween(before.database, after.database).ns / 1000 / streamSeconds,
    pssBytes,
    firstMediaMs: { p50: percentile(first, 0.5), p95: percentile(first, 0.95), missing: looked.streams.length - first.length },
    latencyMs: { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99), count: latencies.length },
    generatorCores: generator.cpuMs / generator.wallMs,
    generatorLateMs: generator.worstLateMs,
  };
}

async function watchSome({ server, streams, publishers, signal }: IngestRoundOptions): Promise<number[]> {
  const step = Math.max(1, Math.floor(streams.length / WATCHED));
  const watched = streams.flatMap((stream, id) => {
    const taken = publishers.taken.get(id);
    return id % step === 0 && taken !== undefined ? [{ ...stream, zeroAtMs: taken.acceptedAtMs }] : [];
  });
  return partLatency(server, watched.slice(0, WATCHED), Fleet.now() + WATCHED_MS, signal);
}
