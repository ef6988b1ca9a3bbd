import { spawn } from 'node:child_process';

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** Runs a program of the set-up to its end, its output kept. A signal that ends us ends it first. Rejects if it can not be started. */
export async function runTool(command, args, cwd) {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  let ending = 0;
  const end = (signal) => {
    ending = SIGNALS[signal];
    child.kill(signal);
  };
  for (const signal of Object.keys(SIGNALS)) process.on(signal, end);
  try {
    const code = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (ending > 0) process.exit(128 + ending);
    return { code, output };
  } finally {
    for (const signal of Object.keys(SIGNALS)) process.off(signal, end);
  }
}
