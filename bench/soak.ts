/** Whether memory grows with the time that streams are on air. */
import { setTimeout as sleep } from 'node:timers/promises';
import { numberOf, runBenchmark } from './command/run-benchmark.ts';
import { markdownTable } from './figures/markdown-table.ts';
import { Publishers } from './load/publishers.ts';
import { readPss } from './process/process-tree.ts';
import { RepriseServer } from './servers/reprise-server.ts';

const HELP = `Usage: npm run bench -- soak [flags]

Publishers send to ours for a long time. Prints the server's memory over the idle one, per stream, as time goes by. Recordings stay on disk until the end: 600 kb/s of
200 streams are 54 GB an hour.

  --streams <n>     how many (default 50)
  --bitrate <kb/s>  of each (default 600)
  --minutes <n>     how long (default 60)`;

const LOOKS = 20;
const MEBIBYTE = 1024 * 1024;

/** Runs the benchmark; resolves with the exit code: 1 when a publisher was lost. */
export function run(args: readonly string[]): Promise<number> {
  const options = { streams: { type: 'string' }, bitrate: { type: 'string' }, minutes: { type: 'string' } } as const;
  return runBenchmark(args, {
    help: HELP,
    options,
    run: async ({ values, quick, parent, signal, progress }) => {
      const count = numberOf(values, 'streams', quick ? 5 : 50);
      const minutes = quick && values.minutes === undefined ? 0.2 : numberOf(values, 'minutes', 60);
      const server = await RepriseServer.start({ parent });
      try {
        const streams = await server.prepare(count);
        const publishers = await Publishers.start(numberOf(values, 'bitrate', 600));
        try {
          const idleBytes = readPss(server.processes().server);
          publishers.begin(streams);
          const results: { minute: number; pssBytes: number; perStreamBytes: number }[] = [];
          for (let look = 1; look <= LOOKS; look += 1) {
            await sleep((minutes * 60_000) / LOOKS, undefined, { signal });
            const pssBytes = readPss(server.processes().server);
            const row = { minute: (minutes * look) / LOOKS, pssBytes, perStreamBytes: (pssBytes - idleBytes) / count };
            results.push(row);
            progress(`${row.minute.toFixed(1)} min: ${(row.perStreamBytes / MEBIBYTE).toFixed(2)} MiB per stream`);
          }
          const rows = results.map(({ minute, pssBytes, perStreamBytes }) => [
            minute.toFixed(1),
            (pssBytes / MEBIBYTE).toFixed(0),
            (perStreamBytes / MEBIBYTE).toFixed(2),
          ]);
          const ok = publishers.lost.length === 0 && publishers.taken.size === count;
          return { text: markdownTable(['minute', 'MiB', 'MiB/stream'], rows), results, peer: null, ok };
        } finally {
          await publishers.close();
        }
      } finally {
        await server.close();
      }
    },
  });
}
