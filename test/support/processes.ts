import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const running = new Set<ChildProcess>();

// A test process that is ended from outside takes what it started with it.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that runs beside the test. */
export class Program {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;

  /** `onOut` and `onError` get whole lines. */
  constructor(
    path: string,
    args: readonly string[],
    options: { env?: NodeJS.ProcessEnv; onOut?: (line: string) => void; onError?: (line: string) => void } = {},
  ) {
    const child = spawn(path, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.env === undefined ? {} : { env: options.env }),
    });
    this.child = child;
    running.add(child);
    readLines(child.stdout, options.onOut);
    readLines(child.stderr, options.onError);
    this.ended = once(child, 'close').then(([code, signal]) => {
      running.delete(child);
      return { code: code as number | null, signal: signal as NodeJS.Signals | null };
    });
    this.ended.catch(() => running.delete(child));
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Sends the signal, and waits for the end; past `withinMs` the program is killed and this rejects. */
  async end(signal: NodeJS.Signals, withinMs = 10_000): Promise<Ended> {
    this.child.kill(signal);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.child.kill('SIGKILL');
    }, withinMs);
    const ended = await this.ended;
    clearTimeout(timer);
    if (late) throw new Error(`${this.child.spawnfile} was still there ${withinMs} ms after ${signal}`);
    return ended;
  }
}

function readLines(stream: NodeJS.ReadableStream | null, onLine: ((line: string) => void) | undefined): void {
  let rest = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine?.(line);
  });
  stream?.on('end', () => {
    if (rest !== '') onLine?.(rest);
  });
}
