import { formatSpread, ratios, spread } from '../figures/distribution.ts';
import { markdownTable } from '../figures/markdown-table.ts';
import type { IngestCaseResult } from './ingest-case.ts';
import type { IngestRound } from './ingest-round.ts';

const MIB = 1024 * 1024;

interface Column {
  readonly head: string;
  readonly of: (round: IngestRound) => number;
  readonly digits: number;
}

const COLUMNS: readonly Column[] = [
  { head: 'CPU us/stream-s', of: ({ cpuUs }) => cpuUs, digits: 0 },
  { head: 'of it kernel', of: ({ kernelShare }) => kernelShare, digits: 2 },
  { head: 'database us', of: ({ databaseUs }) => databaseUs, digits: 0 },
  { head: 'MiB/stream', of: ({ pssBytes }) => pssBytes / MIB, digits: 2 },
  { head: 'first media p50 ms', of: ({ firstMediaMs }) => firstMediaMs.p50, digits: 0 },
  { head: 'p95 ms', of: ({ firstMediaMs }) => firstMediaMs.p95, digits: 0 },
  { head: 'latency p50 ms', of: ({ latencyMs }) => latencyMs.p50, digits: 0 },
  { head: 'p99 ms', of: ({ latencyMs }) => latencyMs.p99, digits: 0 },
];

/** Least-middle-most of the rounds, and the ratio of CPU round by round. */
export function ingestTable(results: readonly IngestCaseResult[]): string {
  const rows = results.flatMap(({ streams, kbps, ours, peers }) => {
    const row = (name: string, rounds: readonly IngestRound[], ratio: string): string[] => [
      String(streams),
      String(kbps),
      name,
      ...COLUMNS.map(({ of, digits }) => formatSpread(spread(rounds.map(of)), digits)),
      ratio,
    ];
    const cpu = (rounds: readonly IngestRound[]): number[] => rounds.map(({ cpuUs }) => cpuUs);
    const ratio = formatSpread(ratios(cpu(ours), cpu(peers)), 2);
    return [row('reprise', ours, ratio), ...(peers.length > 0 ? [row('nginx-rtmp', peers, '1')] : [])];
  });
  return markdownTable(['streams', 'kb/s', 'server', ...COLUMNS.map(({ head }) => head), 'CPU ratio'], rows, [2]);
}
