import { formatSpread, ratios, spread } from '../figures/distribution.ts';
import { markdownTable } from '../figures/markdown-table.ts';
import type { StormStart, Times } from './storm-round.ts';

export interface StormResult {
  readonly streams: number;
  readonly peer: string | null;
  /** By round: the start, then the restarts. */
  readonly ours: readonly (readonly StormStart[])[];
  readonly peers: readonly (readonly StormStart[])[];
}

type Kind = 'start' | 'restart';

const QUANTILES = ['p50', 'p95', 'max'] as const;

/** Least-middle-most over all starts of a kind, and the ratios of CPU and of the first media's p50. */
export function stormTable(results: readonly StormResult[]): string {
  const rows = results.flatMap(({ streams, ours, peers }) =>
    (['start', 'restart'] as const).flatMap((kind) => {
      const [mine, theirs] = [startsOf(ours, kind), startsOf(peers, kind)];
      const p50 = (starts: readonly StormStart[]): number[] => starts.map(({ firstMedia }) => firstMedia.p50);
      const cpu = (starts: readonly StormStart[]): number[] => starts.map(({ cpuMs }) => cpuMs);
      const both = [ratios(cpu(mine), cpu(theirs)), ratios(p50(mine), p50(theirs))].map((each) => formatSpread(each, 2));
      const head = [String(streams), kind];
      return [
        [...head, 'reprise', ...cells(mine), ...both],
        ...(theirs.length > 0 ? [[...head, 'nginx-rtmp', ...cells(theirs), '1', '1']] : []),
      ];
    }),
  );
  const heads = ['streams', 'of', 'server', 'not accepted', 'accepted p50 ms', 'p95 ms', 'max ms'];
  const media = ['no media', 'first media p50 ms', 'p95 ms', 'max ms', 'CPU ms', 'CPU ratio', 'ratio of p50'];
  return markdownTable([...heads, ...media], rows, [1, 2]);
}

function startsOf(rounds: readonly (readonly StormStart[])[], kind: Kind): StormStart[] {
  return rounds.flatMap((starts) => (kind === 'start' ? starts.slice(0, 1) : starts.slice(1)));
}

function cells(starts: readonly StormStart[]): string[] {
  const of = (what: 'accepted' | 'firstMedia'): string[] => {
    const times: Times[] = starts.map((start) => start[what]);
    const missing = times.reduce((sum, each) => sum + each.missing, 0);
    return [String(missing), ...QUANTILES.map((quantile) => formatSpread(spread(times.map((each) => each[quantile])), 0))];
  };
  return [...of('accepted'), ...of('firstMedia'), formatSpread(spread(starts.map(({ cpuMs }) => cpuMs)), 1)];
}
