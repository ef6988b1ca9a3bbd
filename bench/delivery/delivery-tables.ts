import { formatSpread, ratios, spread } from '../figures/distribution.ts';
import { markdownTable } from '../figures/markdown-table.ts';
import type { RequestLoad, RequestResult } from './requests.ts';
import type { ViewerLoad, ViewersResult } from './viewers.ts';

/** CPU of a request, least-middle-most, and ours to the peer's round by round. */
export function requestTable(results: readonly RequestResult[]): string {
  const rows = results.flatMap(({ object, ours, peers }) => {
    const row = (server: string, loads: readonly RequestLoad[], ratio: string): string[] => [
      object.name,
      String(object.bytes),
      server,
      formatSpread(spread(loads.map(({ cpuUs }) => cpuUs)), 1),
      formatSpread(spread(loads.map(({ perSecond }) => perSecond)), 0),
      formatSpread(spread(loads.map(({ gigabits }) => gigabits)), 1),
      ratio,
    ];
    const cpu = (loads: readonly RequestLoad[]): number[] => loads.map(({ cpuUs }) => cpuUs);
    const ratio = formatSpread(ratios(cpu(ours), cpu(peers)), 2);
    return [row('reprise', ours, ratio), ...(peers.length > 0 ? [row('nginx sendfile', peers, '1')] : [])];
  });
  return markdownTable(['media', 'bytes', 'server', 'CPU us/request', 'requests/s', 'Gb/s', 'CPU ratio'], rows, [0, 2]);
}

/** CPU of a viewer and how old the media is that it gets. */
export function viewersTable({ viewers, streams, ours, peers }: ViewersResult): string {
  const row = (server: string, loads: readonly ViewerLoad[], ratio: string): string[] => [
    `${viewers} of ${streams}`,
    server,
    formatSpread(spread(loads.map(({ cpuUs }) => cpuUs)), 0),
    formatSpread(spread(loads.map(({ requestsPerSecond }) => requestsPerSecond)), 0),
    String(loads.reduce((sum, { stalls }) => sum + stalls, 0)),
    formatSpread(spread(loads.map(({ ageMs }) => ageMs.p50)), 0),
    formatSpread(spread(loads.map(({ ageMs }) => ageMs.p99)), 0),
    ratio,
  ];
  const cpu = (loads: readonly ViewerLoad[]): number[] => loads.map(({ cpuUs }) => cpuUs);
  const ratio = formatSpread(ratios(cpu(ours), cpu(peers)), 2);
  const rows = [row('reprise, LL-HLS', ours, ratio), ...(peers.length > 0 ? [row('nginx, HLS of 1 s', peers, '1')] : [])];
  const heads = ['viewers', 'server', 'CPU us/viewer-s', 'requests/s', 'stalls', 'age p50 ms', 'p99 ms', 'CPU ratio'];
  return markdownTable(heads, rows, [0, 1]);
}
