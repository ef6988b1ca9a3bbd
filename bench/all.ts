/** All benchmarks that stand in docs/performance.md, one after the other; with --write their tables go there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runBenchmark } from './command/run-benchmark.ts';
import { putBlock } from './command/document-block.ts';

const HELP = `Usage: npm run bench -- all [flags]

Runs ingest, storm, delivery, replay and api, each as it is by default. It takes some 45 minutes; the machine should have nothing else to do.

  --only <a,b>      only these
  --write           puts their tables into docs/performance.md`;

const NAMES = ['ingest', 'storm', 'delivery', 'replay', 'api'];
const BENCH = join(import.meta.dirname, '../scripts/bench.js');
const DOCUMENT = join(import.meta.dirname, '../docs/performance.md');

/** Runs the benchmarks; resolves with the exit code: 1 when one of them found something lost. */
export function run(args: readonly string[]): Promise<number> {
  return runBenchmark(args, {
    help: HELP,
    options: { only: { type: 'string' }, write: { type: 'boolean' } },
    run: async ({ values, quick, parent, signal }) => {
      const names = typeof values.only === 'string' ? values.only.split(',') : NAMES;
      const flags = [...(quick ? ['--quick'] : []), ...(parent === undefined ? [] : ['--directory', parent])];
      let ok = true;
      let text = '';
      for (const name of names) {
        signal.throwIfAborted();
        const { code, output } = await runOne(name, flags, signal);
        if (code > 1) throw new Error(`${name} failed`);
        ok &&= code === 0;
        text += `${name}:\n\n${output}\n`;
        if (values.write === true) await writeFile(DOCUMENT, putBlock(await readFile(DOCUMENT, 'utf8'), name, output));
      }
      return { text, results: text, peer: null, ok };
    },
  });
}

async function runOne(name: string, flags: readonly string[], signal: AbortSignal): Promise<{ code: number; output: string }> {
  // It ends what it started itself, when it is told to.
  const child = spawn(process.execPath, [BENCH, name, ...flags], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  signal.removeEventListener('abort', stop);
  return { code: code ?? 1, output };
}
