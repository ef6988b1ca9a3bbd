import { inRounds } from '../figures/rounds.ts';
import { Publishers } from '../load/publishers.ts';
import { readPss } from '../process/process-tree.ts';
import { listServers, withServers } from '../servers/servers.ts';
import { ingestRound } from './ingest-round.ts';
import type { IngestRound } from './ingest-round.ts';

/** So many streams of one bitrate, on both servers in turns. */
export interface IngestCase {
  readonly streams: number;
  readonly kbps: number;
}

export interface IngestCaseResult extends IngestCase {
  readonly peer: string | null;
  readonly ours: readonly IngestRound[];
  readonly peers: readonly IngestRound[];
}

export async function ingestCase(
  { streams: count, kbps }: IngestCase,
  { seconds, rounds, parent }: { seconds: number; rounds: number; parent: string | undefined },
  signal: AbortSignal,
  progress: (text: string) => void,
): Promise<IngestCaseResult> {
  return withServers({ parent }, async (servers) => {
    const publishers = await Publishers.start(kbps);
    try {
      const candidates = await Promise.all(
        listServers(servers).map(async (server) => ({
          server,
          streams: await server.prepare(count),
          known: new Set<string>(),
          idleBytes: readPss(server.processes().server),
        })),
      );
      const results = await inRounds(candidates, rounds, async (candidate, round) => {
        const result = await ingestRound({ ...candidate, publishers, seconds, signal });
        const { cpuUs, latencyMs, generatorCores } = result;
        progress(
          `${count} streams of ${kbps} kb/s, round ${round + 1}, ${candidate.server.name}: ${cpuUs.toFixed(0)} us per stream-second, ` +
            `latency ${latencyMs.p50.toFixed(0)} ms, generator ${generatorCores.toFixed(2)} cores`,
        );
        return result;
      });
      const [ours, peers] = candidates.map((candidate) => results.get(candidate) ?? []);
      return { streams: count, kbps, peer: servers.peerName, ours, peers: peers ?? [] };
    } finally {
      await publishers.close();
    }
  });
}
