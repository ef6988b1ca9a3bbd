/**
 * Many permanent lives begin in the same moment, and each start is to be written down: two inserts in one serializable transaction, without a
 * retry, and with one that keeps a row of the try before; against facts that are applied as this server does. On a real PostgreSQL of its own.
 */
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { facts } from './serialization/facts.ts';
import { measure } from './serialization/measure.ts';
import { MeasuredPostgres } from './serialization/measured-postgres.ts';
import { formatTable } from './serialization/table.ts';
import { twoInserts } from './serialization/two-inserts.ts';
import type { Measurement, Shape } from './serialization/measure.ts';

type MakeShape = (postgres: MeasuredPostgres) => Shape | Promise<Shape>;

/** Nothing does it, it is here for comparison, and it takes its time: fewer starts. */
const SLOW = 'ours, one by one, serializable';

const SHAPES: Readonly<Record<string, MakeShape>> = {
  'two inserts, no retry': ({ connection }) => twoInserts(connection, 'naive'),
  'two inserts, retry, row made outside': ({ connection }) => twoInserts(connection, 'row outside'),
  'two inserts, retry, row made inside': ({ connection }) => twoInserts(connection, 'row inside'),
  'ours, one by one, read committed': (postgres) => facts(postgres, 'read committed'),
  [SLOW]: (postgres) => facts(postgres, 'serializable'),
  'ours, through the ledger': (postgres) => facts(postgres, 'ledger'),
};

const AT_ONCE = [6, 24, 200];

/** Runs the benchmark; resolves with the exit code: 1 when ours has lost a start. */
export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { quick: { type: 'boolean' }, json: { type: 'string' }, starts: { type: 'string', default: '3000' } },
  });
  const wanted = values.quick === true ? 60 : Number(values.starts);
  const starting = MeasuredPostgres.start();
  // It is a process of its own, and would stay.
  process.once('SIGINT', () => void starting.then((postgres) => postgres.close()).finally(() => process.exit(130)));
  const postgres = await starting;
  const results: Measurement[] = [];
  try {
    for (const atOnce of values.quick === true ? AT_ONCE.slice(0, 2) : AT_ONCE) {
      for (const [name, make] of Object.entries(SHAPES)) {
        process.stderr.write(`${atOnce} at once: ${name}\n`);
        const shape = await make(postgres);
        try {
          const starts = name === SLOW ? wanted / 5 : wanted;
          results.push(await measure(postgres, name, shape, { atOnce, rounds: Math.max(1, Math.round(starts / atOnce)) }));
        } finally {
          await shape.close();
        }
      }
    }
  } finally {
    await postgres.close();
  }
  const machine = {
    date: new Date().toISOString().slice(0, 10),
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? '',
    node: process.version,
  };
  process.stdout.write(formatTable(results));
  process.stdout.write(
    `\n${machine.date}, ${machine.cores} cores, ${machine.cpu}, Node ${machine.node}, PostgreSQL as it comes.\n`,
  );
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ ...machine, results }, null, 2)}\n`);
  return results.some(({ shape, lost }) => shape.startsWith('ours') && lost > 0) ? 1 : 0;
}
