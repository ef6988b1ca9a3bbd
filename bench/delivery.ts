/** What giving media to viewers costs: one request for a part or a segment, against nginx with sendfile, and viewers at the live edge. */
import { numberOf, runBenchmark } from './command/run-benchmark.ts';
import { requestTable, viewersTable } from './delivery/delivery-tables.ts';
import { requestLoads } from './delivery/requests.ts';
import { viewerLoads } from './delivery/viewers.ts';
import { withServers } from './servers/servers.ts';

const HELP = `Usage: npm run bench -- delivery [flags]

CPU of a request for a part (18 kB) and for segments (90 and 330 kB) of a recording, against nginx that sends the same bytes with sendfile, asked for by
wrk over 64 connections; then viewers at the edge of some lives: LL-HLS of ours, HLS of 1 s of nginx-rtmp.

  --seconds <s>     of each load of requests (default 5); viewers stay four times as long, most of it behind V8's compiling for them
  --rounds <n>      on each server (default 3)
  --viewers <n>     at once (default 500)
  --streams <n>     that they watch (default 10)`;

/** Viewers stay so many times longer than requests are made. */
const STAY = 4;

/** Runs the benchmark; resolves with the exit code. */
export function run(args: readonly string[]): Promise<number> {
  const options = {
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    viewers: { type: 'string' },
    streams: { type: 'string' },
  } as const;
  return runBenchmark(args, {
    help: HELP,
    options,
    run: async ({ values, quick, parent, signal, progress }) => {
      const seconds = numberOf(values, 'seconds', quick ? 1 : 5);
      const rounds = numberOf(values, 'rounds', quick ? 1 : 3);
      const viewers = numberOf(values, 'viewers', quick ? 10 : 500);
      const streams = numberOf(values, 'streams', quick ? 2 : 10);
      const wanted = { viewers, streams, seconds: seconds * STAY, rounds: Math.min(rounds, 2) };
      // A live waits for its publisher as long as it takes: what is in memory stays there.
      return withServers({ parent, reconnectWindow: 3600 }, async (servers) => {
        const requests = await requestLoads(servers, { seconds, rounds }, signal, progress);
        const watched = await viewerLoads(servers, wanted, signal, progress);
        const text = `${requestTable(requests)}\n${viewersTable(watched)}`;
        return { text, results: { requests, viewers: watched }, peer: servers.peerName, ok: true };
      });
    },
  });
}
