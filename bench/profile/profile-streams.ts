import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fleet } from '../../src/cli/fleet.ts';
import { Publishers } from '../load/publishers.ts';
import { cpuBetween, readCpu } from '../process/process-tree.ts';
import { RepriseServer } from '../servers/reprise-server.ts';
import { readProfile } from './cpu-profile.ts';
import type { CpuProfile, ProfileReading } from './cpu-profile.ts';
import { countSyscalls, hasPerf, perfRecord } from './perf.ts';
import type { PerfReading } from './perf.ts';

export interface ProfileOptions {
  readonly streams: number;
  readonly kbps: number;
  readonly seconds: number;
  /** The parent of the server's directory. */
  readonly parent: string | undefined;
  /** Where profiles are written. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

export interface Profiled {
  readonly streams: number;
  readonly kbps: number;
  /** One of each thread that runs JavaScript, the busiest first. */
  readonly threads: readonly ProfileReading[];
  /** The first of them from the instant in which all connect, for some seconds. */
  readonly start: ProfileReading;
  /** CPU with the profiler, in microseconds per stream-second: what the profiler itself costs is seen by it. */
  readonly profiledCpuUs: number;
  readonly cpuUs: number;
  readonly perf: PerfReading | null;
  /** By name, per second of one stream; null without perf. */
  readonly syscalls: Readonly<Record<string, number>> | null;
}

/** From when all are accepted to the steady state. */
const LEFT_OUT_MS = 5000;
const ACCEPTED_WITHIN_MS = 30_000;
const START_US = 3_000_000;

export async function profileStreams(options: ProfileOptions): Promise<Profiled> {
  const { streams, kbps, seconds, directory, signal, progress } = options;
  const perStreamSecond = streams * seconds;
  let fromUs = 0;
  let toUs = 0;
  let profiledNs = 0;
  let instantUs = 0;
  progress(`${streams} streams of ${kbps} kb/s, with V8's profiler`);
  await onAir(options, { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${directory}` }, async (pids, instantMs) => {
    const before = readCpu(pids());
    fromUs = monotonicUs();
    instantUs = fromUs - (Fleet.now() - instantMs) * 1000;
    await sleep(seconds * 1000, undefined, { signal });
    toUs = monotonicUs();
    profiledNs = cpuBetween(before, readCpu(pids())).ns;
  });
  const files = (await readdir(directory)).filter((name) => name.endsWith('.cpuprofile'));
  const profiles = await Promise.all(
    files.map(async (name) => JSON.parse(await readFile(join(directory, name), 'utf8')) as CpuProfile),
  );
  const read = (from: number, to: number): ProfileReading[] =>
    profiles.map((profile) => readProfile(profile, from, to)).sort((a, b) => b.busyUs - a.busyUs);
  const threads = read(fromUs, toUs);
  const [start] = read(instantUs, instantUs + START_US);

  progress(`${streams} streams of ${kbps} kb/s, without`);
  const plain = await onAir(options, {}, async (pids) => {
    const before = readCpu(pids());
    await sleep(seconds * 1000, undefined, { signal });
    const cpuNs = cpuBetween(before, readCpu(pids())).ns;
    if (!hasPerf()) {
      progress('perf is not there (Debian: linux-perf), or may not look: no share of the kernel, no system calls');
      return { cpuNs, perf: null, syscalls: null };
    }
    const [pid] = pids();
    const counts = await countSyscalls(pid, seconds);
    const perf = await perfRecord(pid, seconds, directory);
    const syscalls = Object.fromEntries([...counts].map(([name, count]) => [name, count / perStreamSecond]));
    return { cpuNs, perf, syscalls };
  });
  const us = (ns: number): number => ns / 1000 / perStreamSecond;
  return {
    streams,
    kbps,
    threads,
    start,
    profiledCpuUs: us(profiledNs),
    cpuUs: us(plain.cpuNs),
    perf: plain.perf,
    syscalls: plain.syscalls,
  };
}

/** Does `work` while all streams are being received by a server with these settings; gives the processes of that server. */
async function onAir<Result>(
  { streams: count, kbps, parent, signal, progress }: ProfileOptions,
  settings: Readonly<Record<string, string>>,
  work: (pids: () => readonly number[], instantMs: number) => Promise<Result>,
): Promise<Result> {
  const server = await RepriseServer.start({ settings, parent });
  try {
    const streams = await server.prepare(count);
    const publishers = await Publishers.start(kbps);
    try {
      const instantMs = publishers.begin(streams);
      while (publishers.taken.size < count && Fleet.now() < instantMs + ACCEPTED_WITHIN_MS)
        await sleep(100, undefined, { signal });
      await sleep(LEFT_OUT_MS, undefined, { signal });
      progress(`${publishers.taken.size} of ${count} are on air, generator: ${JSON.stringify(await publishers.count())}`);
      return await work(() => server.processes().server, instantMs);
    } finally {
      await publishers.close();
    }
  } finally {
    await server.close();
  }
}

function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
