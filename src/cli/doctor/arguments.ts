import { numberArgument, parseArguments } from '../arguments.ts';
import type { Load } from './finding.ts';

export interface DoctorArguments {
  readonly json: boolean;
  readonly strict: boolean;
  readonly load: Load;
  /** All others: settings of the server. */
  readonly settings: readonly string[];
}

export const DOCTOR_HELP = `Usage: reprise doctor [--lives N] [--viewers N] [--bitrate kb/s] [--strict] [--json] [settings of the server]

Looks at what the server will stand on: Node.js, PostgreSQL, the data directory and its disk, limits, memory, clock, ports and addresses; and says
what to change, and why. It takes the settings from where the server takes them (reprise start --help). It may run beside a server. Where the
built-in PostgreSQL does not run yet, one is made, started and removed on trial.

  --lives <n>       judge for so many lives at once (default 50)
  --viewers <n>     and so many viewers (default 500)
  --bitrate <n>     and so many kb/s from each publisher (default 3000)
  --strict          warnings count as failures
  --json            the findings as JSON
  -h, --help        this text

Exit codes: 0 nothing is wrong, 1 there is a failure, 2 wrong arguments.
`;

const SWITCHES = new Set(['--json', '--strict', '--help', '-h']);
const VALUES = new Set(['--lives', '--viewers', '--bitrate']);

/** The arguments of `reprise doctor`, or null when help is asked for. Throws UsageError. */
export function parseDoctorArguments(args: readonly string[]): DoctorArguments | null {
  const own: string[] = [];
  const settings: string[] = [];
  for (let i = 0; i < args.length; i += 1) {
    const [flag] = args[i].split('=');
    if (SWITCHES.has(flag)) own.push(args[i]);
    else if (!VALUES.has(flag)) settings.push(args[i]);
    else own.push(...(args[i] === flag ? args.slice(i, ++i + 1) : [args[i]]));
  }
  const { values } = parseArguments(own, {
    json: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
    lives: { type: 'string', default: '50' },
    viewers: { type: 'string', default: '500' },
    bitrate: { type: 'string', default: '3000' },
  });
  if (values.help) return null;
  const load = {
    lives: numberArgument('lives', values.lives, 1, 100_000),
    viewers: numberArgument('viewers', values.viewers, 0, 10_000_000),
    kbPerSecond: numberArgument('bitrate', values.bitrate, 1, 1_000_000),
  };
  return { json: values.json, strict: values.strict, load, settings };
}
