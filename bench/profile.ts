/**
 * Where the time of the server goes while it ingests: functions by self time and the share of the garbage collector (V8's profiler), then, on
 * a server without a profiler, the kernel's share by thread and the system calls (perf, where it is there). Linux only.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { numberOf, runBenchmark } from './command/run-benchmark.ts';
import { formatProfile } from './profile/format-profile.ts';
import { profileStreams } from './profile/profile-streams.ts';

const HELP = `Usage: npm run bench -- profile [flags]

Publishers send to ours. Prints the functions with the most self time, the share of the garbage collector, the kernel's share by thread, and system calls
per second of one stream.

  --streams <n>     how many (default 200)
  --bitrate <kb/s>  of each (default 600)
  --seconds <s>     length of each look (default 10)
  --top <n>         functions that are told (default 25)
  --keep <dir>      keeps the .cpuprofile there, for DevTools`;

/** Runs the benchmark; resolves with the exit code. */
export function run(args: readonly string[]): Promise<number> {
  const options = {
    streams: { type: 'string' },
    bitrate: { type: 'string' },
    seconds: { type: 'string' },
    top: { type: 'string' },
    keep: { type: 'string' },
  } as const;
  return runBenchmark(args, {
    help: HELP,
    options,
    run: async ({ values, quick, parent, signal, progress }) => {
      const wanted = {
        streams: numberOf(values, 'streams', quick ? 5 : 200),
        kbps: numberOf(values, 'bitrate', 600),
        seconds: numberOf(values, 'seconds', quick ? 2 : 10),
      };
      const directory = typeof values.keep === 'string' ? values.keep : await mkdtemp(join(tmpdir(), 'reprise-bench-profile-'));
      try {
        const results = await profileStreams({ ...wanted, parent, directory, signal, progress });
        return { text: formatProfile(results, numberOf(values, 'top', 25)), results, peer: null, ok: true };
      } finally {
        if (values.keep === undefined) await rm(directory, { recursive: true, force: true });
      }
    },
  });
}
