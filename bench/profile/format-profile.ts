import { markdownTable } from '../figures/markdown-table.ts';
import type { ProfileReading } from './cpu-profile.ts';
import type { Profiled } from './profile-streams.ts';

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const OBJECTS_TOLD = 12;
const SYMBOLS_TOLD = 20;

/** The reading of a profile, for people. */
export function formatProfile(
  { streams, kbps, threads, start, cpuUs, profiledCpuUs, perf, syscalls }: Profiled,
  top: number,
): string {
  const cpu = `${cpuUs.toFixed(0)} us of CPU per stream-second (${profiledCpuUs.toFixed(0)} with the profiler)`;
  const parts = [`${streams} streams of ${kbps} kb/s: ${cpu}.\n`];
  threads
    .filter(({ busyUs }) => busyUs > 0)
    .forEach((thread, i) => parts.push(...formatThread(`Thread ${i + 1} with JavaScript`, thread, top)));
  parts.push(...formatThread('The first seconds of all', start, top));
  if (perf !== null) {
    parts.push(`Kernel: ${percent(perf.kernelShare)} of the process's CPU.\n`);
    const objects = perf.objects.slice(0, OBJECTS_TOLD).map(({ thread, object, share }) => [thread, object, percent(share)]);
    parts.push(markdownTable(['thread', 'object', 'share'], objects, [0, 1]));
    const symbols = perf.symbols.slice(0, SYMBOLS_TOLD).map(({ symbol, share }) => [symbol, percent(share)]);
    parts.push(markdownTable(['symbol', 'share'], symbols));
  }
  if (syscalls !== null) {
    const rows = Object.entries(syscalls)
      .sort(([, a], [, b]) => b - a)
      .map(([name, count]) => [name, count.toFixed(1)]);
    parts.push(markdownTable(['system call', 'per stream-second'], rows));
  }
  return parts.join('\n');
}

function formatThread(name: string, { wallUs, busyUs, gcShare, nativeShare, functions }: ProfileReading, top: number): string[] {
  const rows = functions.slice(0, top).map(({ name: of, us, share }) => [of, percent(share), (us / 1000).toFixed(0)]);
  const busy = `busy ${percent(busyUs / wallUs)} of the time; of that ${percent(gcShare)} garbage collector, ${percent(nativeShare)} native`;
  return [`${name}: ${busy}.\n`, markdownTable(['self time', 'share', 'ms'], rows)];
}
