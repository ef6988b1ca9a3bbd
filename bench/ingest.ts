/**
 * What a stream costs while it is being received, packaged and recorded: CPU, memory, latency, against nginx-rtmp that does the same beside
 * it, in turns.
 */
import { numberOf, numbersOf, runBenchmark } from './command/run-benchmark.ts';
import { ingestCase } from './ingest/ingest-case.ts';
import type { IngestCase, IngestCaseResult } from './ingest/ingest-case.ts';
import { ingestTable } from './ingest/ingest-table.ts';

const HELP = `Usage: npm run bench -- ingest [flags]

Publishers send to ours and to nginx-rtmp in turns; both make HLS and record. CPU in the steady state, memory over the idle server, time to the first
part or segment of all, and from the sending of a part's (segment's) last frame until a viewer has it.

  --streams <n,...> how many at once (default: 10, 50, 200, 500 and 1000, and 50 of 2500 kb/s)
  --bitrate <kb/s>  of each stream (default 600)
  --seconds <s>     length of the steady state of a round (default 10)
  --rounds <n>      on each server (default 3)`;

const CASES: readonly IngestCase[] = [
  ...[10, 50, 200, 500, 1000].map((streams) => ({ streams, kbps: 600 })),
  { streams: 50, kbps: 2500 },
];

/** Runs the benchmark; resolves with the exit code: 1 when a publisher was lost by ours. */
export function run(args: readonly string[]): Promise<number> {
  const options = {
    streams: { type: 'string' },
    bitrate: { type: 'string' },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
  } as const;
  return runBenchmark(args, {
    help: HELP,
    options,
    run: async ({ values, quick, parent, signal, progress }) => {
      const kbps = numberOf(values, 'bitrate', 600);
      const chosen = numbersOf(values, 'streams', [quick ? 5 : 50]).map((streams) => ({ streams, kbps }));
      const cases = values.streams === undefined && values.bitrate === undefined && !quick ? CASES : chosen;
      const measure = {
        parent,
        seconds: numberOf(values, 'seconds', quick ? 2 : 10),
        rounds: numberOf(values, 'rounds', quick ? 1 : 3),
      };
      const results: IngestCaseResult[] = [];
      for (const each of cases) {
        signal.throwIfAborted();
        results.push(await ingestCase(each, measure, signal, progress));
      }
      const ok = results.every(({ streams, ours }) =>
        ours.every(({ accepted, lost }) => accepted === streams && lost.length === 0),
      );
      return { text: ingestTable(results), results, peer: results[0]?.peer ?? null, ok };
    },
  });
}
