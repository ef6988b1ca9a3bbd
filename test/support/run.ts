import { spawn } from 'node:child_process';

/** What a finished program left: its exit code (null when a signal ended it) and all it wrote. */
export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, feeding it `input` if given; it is killed after `timeoutMs`. Rejects only if it can not be started. */
export async function run(
  path: string,
  args: string[],
  options: { input?: Uint8Array; timeoutMs?: number } = {},
): Promise<Finished> {
  const child = spawn(path, args, { timeout: options.timeoutMs ?? 60_000, killSignal: 'SIGKILL' });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => {}); // a program may end before it has read all
  child.stdin.end(options.input);
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
