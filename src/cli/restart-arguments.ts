import { parseArguments } from './arguments.ts';
import { UsageError } from './command-io.ts';

export interface RestartArguments {
  readonly action: 'plan' | 'list' | 'cancel';
  /** Numbers, UUIDs or short UUIDs of lives; none: all. */
  readonly lives: readonly string[];
  readonly overS: number;
  /** The server's address, without a slash at the end. */
  readonly url: string;
  readonly token: string;
  readonly json: boolean;
}

export const RESTART_HELP = `Usage: reprise restart [--live <id>]… --over <time> --url <url> --token <token>

Asks a running server to end the sessions of lives that are on air, spread over a time, so that their encoders connect again one by one. Each session
ends with its replay, and what the encoder sends next is a new session. Lives that are not on air, or not permanent, are left alone.

  --live <id>       a live: number, UUID or short UUID; may be given again; without it: all that you may change
  --over <time>     the time to spread the restarts over: 90, 90s, 10m or 2h; 0: all at once (default 10m)
  --list            show what is planned
  --cancel          forget what is planned
  --url <url>       the server (default http://localhost:9000)
  --token <token>   an access token of its API; better in the environment: REPRISE_TOKEN
  --json            the server's answer as it is
  -h, --help        this text

Exit codes: 0 done, 1 the server said no or does not answer, 2 wrong arguments.
`;

const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600 };
const LONGEST_S = 86_400;

/** The arguments of `reprise restart`, or null when help is asked for. Throws UsageError. */
export function parseRestartArguments(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): RestartArguments | null {
  const { values, positionals } = parseArguments(args, {
    live: { type: 'string', multiple: true, default: [] },
    over: { type: 'string' },
    list: { type: 'boolean', default: false },
    cancel: { type: 'boolean', default: false },
    url: { type: 'string', default: 'http://localhost:9000' },
    token: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  });
  if (values.help) return null;
  if (positionals.length > 0) throw new UsageError(`lives are named with --live, not ${JSON.stringify(positionals[0])}`);
  if (values.list && values.cancel) throw new UsageError('--list or --cancel, not both');
  if ((values.list || values.cancel) && (values.live.length > 0 || values.over !== undefined))
    throw new UsageError('--list and --cancel are of all that is planned: without --live and --over');
  if (!/^https?:\/\/[^/]/.test(values.url)) throw new UsageError('--url must begin with http:// or https://');
  const token = values.token ?? env.REPRISE_TOKEN;
  if (token === undefined || token === '')
    throw new UsageError('wanted is an access token: --token, or REPRISE_TOKEN in the environment');
  return {
    action: values.list ? 'list' : values.cancel ? 'cancel' : 'plan',
    lives: values.live,
    overS: parseTime(values.over ?? '10m'),
    url: values.url.replace(/\/+$/, ''),
    token,
    json: values.json,
  };
}

function parseTime(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(text) ?? [];
  const seconds = number === undefined ? Number.NaN : Number(number) * UNITS[unit];
  if (!(seconds <= LONGEST_S))
    throw new UsageError(`--over must be a time up to 24h, such as 90s, 10m or 2h, not ${JSON.stringify(text)}`);
  return seconds;
}
