/** All publishers connect in the same instant, are dropped, and connect again: who is accepted when, and when there is something to watch. */
import type { FleetEnd } from '../src/cli/fleet.ts';
import { numberOf, numbersOf, runBenchmark } from './command/run-benchmark.ts';
import { inRounds } from './figures/rounds.ts';
import { Publishers } from './load/publishers.ts';
import { listServers, withServers } from './servers/servers.ts';
import { stormRound } from './storm/storm-round.ts';
import { stormTable } from './storm/storm-table.ts';
import type { StormResult } from './storm/storm-table.ts';

const HELP = `Usage: npm run bench -- storm [flags]

All publishers connect to ours, or to nginx-rtmp, in the same instant, are reset after a while without a word, and connect again at once with the same
keys. Times from the instant until each is accepted, and until the first part or segment of each was fetched.

  --streams <n,...> how many at once (default 6, 200 and 1000)
  --rounds <n>      on each server (default 2)
  --restarts <n>    in each round, behind its start (default 3)
  --gap <s>         between two of them (default 8)
  --clean           publishers end with a goodbye`;

/** Runs the benchmark; resolves with the exit code: 1 when a publisher was not accepted by ours, or had no media. */
export function run(args: readonly string[]): Promise<number> {
  const options = {
    streams: { type: 'string' },
    rounds: { type: 'string' },
    restarts: { type: 'string' },
    gap: { type: 'string' },
    clean: { type: 'boolean' },
  } as const;
  return runBenchmark(args, {
    help: HELP,
    options,
    run: async ({ values, quick, parent, signal, progress }) => {
      const counts = numbersOf(values, 'streams', quick ? [5] : [6, 200, 1000]);
      const how: FleetEnd = values.clean === true ? 'clean' : 'abrupt';
      const each = {
        gapMs: numberOf(values, 'gap', quick ? 4 : 8) * 1000,
        restarts: numberOf(values, 'restarts', quick ? 1 : 3),
        rounds: numberOf(values, 'rounds', quick ? 1 : 2),
        how,
      };
      const results: StormResult[] = [];
      for (const count of counts) results.push(await stormOf(count, { ...each, parent }, signal, progress));
      const ok = results.every(({ ours }) =>
        ours.flat().every(({ accepted, firstMedia }) => accepted.missing === 0 && firstMedia.missing === 0),
      );
      return { text: stormTable(results), results, peer: results[0]?.peer ?? null, ok };
    },
  });
}

function stormOf(
  count: number,
  { rounds, parent, ...each }: { rounds: number; restarts: number; gapMs: number; how: FleetEnd; parent: string | undefined },
  signal: AbortSignal,
  progress: (text: string) => void,
): Promise<StormResult> {
  return withServers({ parent }, async (servers) => {
    const publishers = await Publishers.start(600);
    try {
      const candidates = await Promise.all(
        listServers(servers).map(async (server) => ({
          server,
          streams: await server.prepare(count),
          known: new Set<string>(),
        })),
      );
      const results = await inRounds(candidates, rounds, async (candidate, round) => {
        const starts = await stormRound({ ...candidate, ...each, publishers, signal });
        const times = starts.map(({ firstMedia }) => firstMedia.p50.toFixed(0)).join(', ');
        progress(`${count} streams, round ${round + 1}, ${candidate.server.name}: first media p50 ${times} ms`);
        return starts;
      });
      const [ours, peers] = candidates.map((candidate) => results.get(candidate) ?? []);
      return { streams: count, peer: servers.peerName, ours, peers: peers ?? [] };
    } finally {
      await publishers.close();
    }
  });
}
