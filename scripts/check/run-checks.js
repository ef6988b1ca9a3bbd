import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** Runs the checks, as many at once as the machine has cores (two at most); shows each with its time, and its output if it fails. Returns the names of those that failed. */
export async function runChecks(root, checks) {
  const waiting = [...checks];
  const failed = [];
  const worker = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const start = Date.now();
      const { code, output } = await runCheck(root, check);
      process.stdout.write(`${code === 0 ? '✔' : '✖'} ${check.name} (${((Date.now() - start) / 1000).toFixed(1)} s)\n`);
      if (code === 0) continue;
      failed.push(check.name);
      process.stdout.write(`${output.trimEnd()}\n\n`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
  return failed;
}

async function runCheck(root, { program, args }) {
  const colour = process.stdout.isTTY && !process.env.NO_COLOR ? { FORCE_COLOR: '1' } : { FORCE_COLOR: undefined, NO_COLOR: '1' };
  const env = { ...process.env, ...colour };
  const child = spawn(process.execPath, [join(root, program), ...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, output };
}
