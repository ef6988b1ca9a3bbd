import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { formatMachine, loadNow, readMachine } from '../figures/machine.ts';

/** What a benchmark gives. */
export interface Outcome {
  /** Tables of Markdown, for people. */
  readonly text: string;
  /** The same as data. */
  readonly results: unknown;
  /** The peer that ran beside it, or null. */
  readonly peer: string | null;
  /** False: something was lost that must not be. */
  readonly ok: boolean;
}

export interface Work {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly quick: boolean;
  /** Where the servers have their directories; undefined: where temporary files are. */
  readonly parent: string | undefined;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Tells a person how it goes. */
  readonly progress: (text: string) => void;
}

export interface Benchmark {
  readonly help: string;
  readonly options?: NonNullable<ParseArgsConfig['options']>;
  readonly run: (work: Work) => Promise<Outcome>;
}

const COMMON = {
  quick: { type: 'boolean' },
  json: { type: 'string' },
  directory: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;
const COMMON_HELP = `  --quick           the least that shows that it works; its figures mean nothing
  --json <file>     keeps the figures
  --directory <dir> where the servers keep what they write (default: where temporary files are)
  -h, --help        this text
`;
const INTERRUPTED = 130;

/** Runs a benchmark with its arguments; resolves with the exit code. Ctrl-C ends it in order: what it started is ended and removed. */
export async function runBenchmark(args: readonly string[], { help, options = {}, run }: Benchmark): Promise<number> {
  let values: Work['values'];
  try {
    values = parseArgs({ args: [...args], options: { ...options, ...COMMON }, strict: true }).values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 2;
  }
  if (values.help === true) {
    process.stdout.write(`${help}\n${COMMON_HELP}`);
    return 0;
  }
  const stop = new AbortController();
  const onSignal = (): void => stop.abort(new Error('given up'));
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  const progress = (text: string): void => void process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
  const loadBefore = loadNow();
  try {
    const { text, results, peer, ok } = await run({
      values,
      quick: values.quick === true,
      parent: typeof values.directory === 'string' ? values.directory : undefined,
      signal: stop.signal,
      progress,
    });
    const machine = readMachine(loadBefore);
    process.stdout.write(`${text}\n${formatMachine(machine, peer)}`);
    if (typeof values.json === 'string')
      await writeFile(values.json, `${JSON.stringify({ ...machine, peer, results }, null, 2)}\n`);
    return ok ? 0 : 1;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    progress('given up; what was started is ended and removed');
    return INTERRUPTED;
  } finally {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(name, onSignal);
  }
}

/** A whole number of the arguments. */
export function numberOf(values: Work['values'], name: string, otherwise: number): number {
  const [number] = numbersOf(values, name, [otherwise]);
  return number;
}

/** Whole numbers of the arguments, with commas between. */
export function numbersOf(values: Work['values'], name: string, otherwise: readonly number[]): readonly number[] {
  const text = values[name];
  if (typeof text !== 'string') return otherwise;
  const numbers = text.split(',').map(Number);
  if (numbers.some((number) => !Number.isInteger(number) || number < 1))
    throw new Error(`--${name} wants whole numbers, not ${text}`);
  return numbers;
}
