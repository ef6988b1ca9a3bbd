/** How long a replay takes from the end of its session, against the length of the session: it should not depend on it. */
import { numberOf, numbersOf, runBenchmark } from './command/run-benchmark.ts';
import { formatSpread, spread } from './figures/distribution.ts';
import { markdownTable } from './figures/markdown-table.ts';
import { Publishers } from './load/publishers.ts';
import { publishLive, publishProlonged } from './replay/publish-time.ts';
import type { PublishTime } from './replay/publish-time.ts';
import { RepriseServer } from './servers/reprise-server.ts';

const HELP = `Usage: npm run bench -- replay [flags]

Time from a publisher's goodbye until the replay is listed, and until its playlist was served whole. Short sessions are sent in real time; long ones are
made by writing on at the recording of a session whose server was killed, which then is started, takes the session up again, and ends it. No peer has
replays.

  --lengths <s,...> of sessions that are sent (default 10 and 60)
  --hours <h,...>   of sessions that are made longer (default 1, 4 and 12)
  --rounds <n>      (default 3)`;

interface ReplayResult {
  readonly length: string;
  readonly times: readonly PublishTime[];
}

/** Runs the benchmark; resolves with the exit code. */
export function run(args: readonly string[]): Promise<number> {
  const options = { lengths: { type: 'string' }, hours: { type: 'string' }, rounds: { type: 'string' } } as const;
  return runBenchmark(args, {
    help: HELP,
    options,
    run: async ({ values, quick, parent, signal, progress }) => {
      const lengths = numbersOf(values, 'lengths', quick ? [3] : [10, 60]);
      const hours = numbersOf(values, 'hours', quick ? [1] : [1, 4, 12]);
      const rounds = numberOf(values, 'rounds', quick ? 1 : 3);
      const server = await RepriseServer.start({ parent, reconnectWindow: 3600 });
      try {
        const publishers = await Publishers.start(600);
        try {
          const results: ReplayResult[] = [];
          const measure = async (length: string, one: () => Promise<PublishTime>): Promise<void> => {
            const times: PublishTime[] = [];
            for (let round = 0; round < rounds; round += 1) times.push(await one());
            progress(`${length}: listed after ${times.map(({ listedMs }) => listedMs.toFixed(0)).join(', ')} ms`);
            results.push({ length, times });
          };
          for (const seconds of lengths) await measure(`${seconds} s`, () => publishLive(server, publishers, seconds, signal));
          for (const each of hours) await measure(`${each} h`, () => publishProlonged(server, publishers, each * 3600, signal));
          return { text: replayTable(results), results, peer: null, ok: true };
        } finally {
          await publishers.close();
        }
      } finally {
        await server.close();
      }
    },
  });
}

function replayTable(results: readonly ReplayResult[]): string {
  const rows = results.map(({ length, times }) => {
    const of = (value: (time: PublishTime) => number | null, digits = 0): string =>
      formatSpread(spread(times.map((time) => value(time) ?? Number.NaN)), digits);
    const kB = of(({ playlistBytes }) => playlistBytes / 1000);
    return [
      length,
      of(({ listedMs }) => listedMs),
      of(({ servedMs }) => servedMs),
      kB,
      of(({ playlistMs }) => playlistMs),
      of(({ startMs }) => startMs),
    ];
  });
  const heads = ['session', 'listed after ms', 'served after ms', 'playlist kB', 'of it playlist ms', 'server start ms'];
  return markdownTable(heads, rows);
}
