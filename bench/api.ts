/** Requests per second of the REST API with thousands of videos in its catalogue, and how long one takes. */
import { fillCatalogue } from './api/catalogue.ts';
import type { Catalogue } from './api/catalogue.ts';
import { signIn } from './api/sign-in.ts';
import { numberOf, runBenchmark } from './command/run-benchmark.ts';
import { formatSpread, percentile, spread } from './figures/distribution.ts';
import { markdownTable } from './figures/markdown-table.ts';
import { inRounds } from './figures/rounds.ts';
import { closedLoop } from './http/closed-loop.ts';
import { cpuBetween, readCpu } from './process/process-tree.ts';
import { RepriseServer } from './servers/reprise-server.ts';

const HELP = `Usage: npm run bench -- api [flags]

Routes of lists and single videos, asked for over some connections, each from an address of its own on the loopback interface, because calls are limited by
address. CPU is that of the server, and that of PostgreSQL.

  --videos <n>      in the catalogue (default 5000)
  --connections <n> (default 16)
  --seconds <s>     of each load (default 5)
  --rounds <n>      (default 3)`;

const SOME = 500;

interface ApiLoad {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly others: number;
  readonly cpuUs: number;
  readonly databaseUs: number;
}

function routes({ lives, replays }: Catalogue): { name: string; paths: string[] }[] {
  const some = replays.slice(0, SOME);
  const starts = Array.from({ length: 20 }, (_, i) => Math.floor((i * replays.length) / 20));
  return [
    { name: 'GET /videos', paths: ['/videos'] },
    { name: 'GET /videos?count=100&start=…', paths: starts.map((start) => `/videos?count=100&start=${start}`) },
    { name: 'GET /videos?isLive=true', paths: ['/videos?isLive=true'] },
    { name: 'GET /videos/{replay}', paths: some.map((uuid) => `/videos/${uuid}`) },
    { name: 'GET /videos/{live}', paths: lives.map((uuid) => `/videos/${uuid}`) },
    { name: 'GET /videos/live/{live}/sessions', paths: lives.map((uuid) => `/videos/live/${uuid}/sessions`) },
  ];
}

/** Runs the benchmark; resolves with the exit code: 1 when an answer was not 200. */
export function run(args: readonly string[]): Promise<number> {
  const options = {
    videos: { type: 'string' },
    connections: { type: 'string' },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
  } as const;
  return runBenchmark(args, {
    help: HELP,
    options,
    run: async ({ values, quick, parent, signal, progress }) => {
      const videos = numberOf(values, 'videos', quick ? 200 : 5000);
      const load = {
        connections: Math.min(numberOf(values, 'connections', quick ? 4 : 16), 250),
        seconds: numberOf(values, 'seconds', quick ? 1 : 5),
      };
      const server = await RepriseServer.start({ parent });
      try {
        const catalogue = await fillCatalogue(server, videos);
        progress(`${videos} videos are in the catalogue`);
        const headers = { Authorization: `Bearer ${await signIn(server)}` };
        const loads = await inRounds(routes(catalogue), numberOf(values, 'rounds', quick ? 1 : 3), async ({ name, paths }) => {
          signal.throwIfAborted();
          const { server: pids, database } = server.processes();
          const before = [readCpu(pids), readCpu(database)];
          const found = await closedLoop({
            ...load,
            port: server.httpPort,
            paths: paths.map((path) => `/api/v1${path}`),
            headers,
            ownAddresses: true,
            signal,
          });
          const perRequest = (pid: readonly number[], i: number): number =>
            cpuBetween(before[i], readCpu(pid)).ns / 1000 / found.requests;
          progress(`${name}: ${(found.requests / found.seconds).toFixed(0)} requests per second`);
          return {
            perSecond: found.requests / found.seconds,
            p50Ms: percentile(found.latencies, 0.5),
            p99Ms: percentile(found.latencies, 0.99),
            others: found.others,
            cpuUs: perRequest(pids, 0),
            databaseUs: perRequest(database, 1),
          };
        });
        const results = [...loads].map(([{ name }, each]) => ({ route: name, loads: each }));
        const ok = results.every((result) => result.loads.every(({ others }) => others === 0));
        return { text: apiTable(results), results: { videos, ...load, routes: results }, peer: null, ok };
      } finally {
        await server.close();
      }
    },
  });
}

function apiTable(results: readonly { route: string; loads: readonly ApiLoad[] }[]): string {
  const rows = results.map(({ route, loads }) => [
    route,
    formatSpread(spread(loads.map(({ perSecond }) => perSecond)), 0),
    formatSpread(spread(loads.map(({ p50Ms }) => p50Ms)), 1),
    formatSpread(spread(loads.map(({ p99Ms }) => p99Ms)), 1),
    formatSpread(spread(loads.map(({ cpuUs }) => cpuUs)), 0),
    formatSpread(spread(loads.map(({ databaseUs }) => databaseUs)), 0),
    String(loads.reduce((sum, { others }) => sum + others, 0)),
  ]);
  return markdownTable(['route', 'requests/s', 'p50 ms', 'p99 ms', 'CPU us', 'database us', 'not 200'], rows);
}
