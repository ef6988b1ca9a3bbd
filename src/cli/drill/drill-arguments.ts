import { numberArgument, parseArguments } from '../arguments.ts';
import { UsageError } from '../command-io.ts';
import type { Credentials } from './api-client.ts';

export const DRILLS = ['storm', 'database', 'kill', 'disk'] as const;
export type DrillName = (typeof DRILLS)[number];

export interface DrillArguments {
  readonly drill: DrillName;
  readonly lives: number;
  readonly rounds: number;
  /** How publishers end. */
  readonly how: 'clean' | 'abrupt';
  readonly seconds: number;
  readonly outageSeconds: number;
  readonly fullSeconds: number;
  /** The server's disk forgets what was not synced when it is killed. */
  readonly powerCut: boolean;
  /** Bits a second of each publisher; null: as the sample has them. */
  readonly bitrate: number | null;
  readonly json: boolean;
  /** The running instance to use; null: a temporary one. */
  readonly instance: { readonly url: string; readonly credentials: Credentials } | null;
}

export const DRILL_HELP = `Usage: reprise drill <storm | kill | database | disk> [flags]

Runs a disaster with synthetic publishers, watches the playlists of their lives as players do, and counts what is lost: every session, every replay,
every frame. It runs against a temporary instance on free ports, made for it and removed afterwards; a storm can be sent to a running one.

  storm             all publishers stop and start in the same instant
  kill              the server is killed (SIGKILL) at random moments, and started again
  database          PostgreSQL is stopped, all publishers restart, PostgreSQL comes back
  disk              all room on the disk is taken, one more publisher begins, and the room is given back

  --lives <n>       permanent lives, with one publisher each (default 10)
  --rounds <n>      how often it happens (default 3; database, disk: 1)
  --clean           publishers end with a goodbye (default)
  --abrupt          storm, database: their connections are reset; the lives then have a reconnect window of 0
  --seconds <s>     how long publishers send between two disasters; the longest such time of kill (default 5)
  --outage <s>      database: how long PostgreSQL is away (default 20)
  --full <s>        disk: how long there is no room (default 20)
  --power-cut       kill: PostgreSQL is killed too, and what was not synced is lost, as when the power fails; root only
  --bitrate <kb/s>  of each publisher (default: that of the built-in sample, some 600)
  --url <url>       storm: the running instance to use, with --token, or --user and --password (or REPRISE_TOKEN, REPRISE_PASSWORD in the environment)
  --json            the report as JSON
  -h, --help        this text

Progress goes to standard error, the report to standard output. Lives, sessions and replays that it made are removed, also after Ctrl-C.
Exit codes: 0 nothing was lost, 1 something was, 2 wrong arguments, 3 this machine does not allow it (disk, --power-cut: mounting), 130 and 143 given up by Ctrl-C and SIGTERM.
`;

/** The arguments of `reprise drill`, or null when help is asked for. Throws UsageError. */
export function parseDrillArguments(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): DrillArguments | null {
  const { values, positionals } = parseArguments(args, {
    lives: { type: 'string', default: '10' },
    rounds: { type: 'string' },
    clean: { type: 'boolean', default: false },
    abrupt: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '5' },
    outage: { type: 'string', default: '20' },
    full: { type: 'string', default: '20' },
    'power-cut': { type: 'boolean', default: false },
    bitrate: { type: 'string' },
    url: { type: 'string' },
    token: { type: 'string' },
    user: { type: 'string', default: 'root' },
    password: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  });
  if (values.help) return null;
  const drill = DRILLS.find((name) => name === positionals[0]);
  if (drill === undefined || positionals.length !== 1) throw new UsageError(`which drill? one of ${DRILLS.join(', ')}`);
  if (values.clean && values.abrupt) throw new UsageError('--clean or --abrupt, not both');
  if (values.abrupt && (drill === 'kill' || drill === 'disk'))
    throw new UsageError('--abrupt is for storm and database: when the server is killed, connections end abruptly anyway');
  if (values['power-cut'] && drill !== 'kill') throw new UsageError('--power-cut is for kill');
  if (values.url !== undefined && drill !== 'storm')
    throw new UsageError(`--url is for storm: ${drill} breaks the server, and takes a temporary instance for that`);
  if (values.url !== undefined && !/^https?:\/\/[^/]/.test(values.url))
    throw new UsageError('--url must begin with http:// or https://');
  const token = values.token ?? env.REPRISE_TOKEN;
  const password = values.password ?? env.REPRISE_PASSWORD;
  if (values.url !== undefined && token === undefined && password === undefined)
    throw new UsageError('--url wants --token, or --user and --password');
  const credentials: Credentials = token === undefined ? { user: values.user, password: password ?? '' } : { token };
  return {
    drill,
    lives: numberArgument('lives', values.lives, drill === 'disk' ? 2 : 1, 2000),
    rounds: numberArgument('rounds', values.rounds ?? (drill === 'database' || drill === 'disk' ? '1' : '3'), 1, 1000),
    how: values.abrupt ? 'abrupt' : 'clean',
    seconds: numberArgument('seconds', values.seconds, 1, 3600, false),
    outageSeconds: numberArgument('outage', values.outage, 1, 86_400, false),
    fullSeconds: numberArgument('full', values.full, 4, 3600, false),
    powerCut: values['power-cut'],
    bitrate: values.bitrate === undefined ? null : numberArgument('bitrate', values.bitrate, 600, 50_000) * 1000,
    json: values.json,
    instance: values.url === undefined ? null : { url: values.url, credentials },
  };
}
