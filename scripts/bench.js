// Runs one benchmark: npm run bench -- <name> [arguments]
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { restBeforeEnd } from '../src/end-of-process.ts';

restBeforeEnd();

const directory = join(import.meta.dirname, '../bench');
const [name, ...args] = process.argv.slice(2);
const names = globSync('*.ts', { cwd: directory }).map((file) => basename(file, '.ts'));

if (names.includes(name)) {
  const { run } = await import(join(directory, `${name}.ts`));
  process.exitCode = await run(args);
} else {
  process.stderr.write(`usage: npm run bench -- <name> [arguments]\nBenchmarks: ${names.join(', ')}\n`);
  process.exitCode = 2;
}
