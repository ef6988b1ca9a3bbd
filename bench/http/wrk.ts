import { execFile, execFileSync } from 'node:child_process';

/** What a load on one URL gave. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
}

export function hasWrk(): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v wrk'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** wrk: one thread, so many connections that are kept. Rejects when an answer was not 2xx or 3xx. */
export function wrk(url: string, { connections, seconds }: { connections: number; seconds: number }): Promise<LoadResult> {
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, url];
  return new Promise((resolve, reject) => {
    execFile('wrk', args, (error, out, err) => {
      if (error !== null) reject(new Error(`wrk: ${err}`, { cause: error }));
      else if (/Non-2xx|Socket errors/.test(out)) reject(new Error(`wrk ${url}:\n${out}`));
      else resolve(parseWrk(out));
    });
  });
}

/** `123 requests in 5.00s, 1.2GB read`. */
export function parseWrk(text: string): LoadResult {
  const [, requests, time, unit] = /(\d+) requests in ([0-9.]+)(ms|s|m),/.exec(text) ?? [];
  const scale = { ms: 0.001, s: 1, m: 60 }[unit] ?? 1;
  return { requests: Number(requests ?? 0), seconds: Number(time ?? 0) * scale };
}
