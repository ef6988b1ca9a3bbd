import type { LoadResult } from './wrk.ts';
import { WireClient } from './wire-client.ts';

export interface ClosedLoopResult extends LoadResult {
  /** Of each request, in ms. */
  readonly latencies: readonly number[];
  /** Answers that were not 200. */
  readonly others: number;
}

export interface ClosedLoopOptions {
  readonly port: number;
  readonly paths: readonly string[];
  readonly connections: number;
  readonly seconds: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Each connection comes from an address of its own: limits by address are those of one client. */
  readonly ownAddresses?: boolean;
  readonly signal: AbortSignal;
}

/** So many connections, each asking for the next path as soon as it has its answer. */
export async function closedLoop(options: ClosedLoopOptions): Promise<ClosedLoopResult> {
  const { port, paths, connections, seconds, headers = {}, ownAddresses = false, signal } = options;
  const latencies: number[] = [];
  let others = 0;
  const began = performance.now();
  const end = began + seconds * 1000;
  await Promise.all(
    Array.from({ length: connections }, async (_, i) => {
      const client = new WireClient(port, { headers, ...(ownAddresses ? { localAddress: `127.0.1.${i + 1}` } : {}) });
      try {
        for (let turn = i; performance.now() < end && !signal.aborted; turn += 1) {
          const asked = performance.now();
          const { status } = await client.get(paths[turn % paths.length]);
          latencies.push(performance.now() - asked);
          if (status !== 200) others += 1;
        }
      } finally {
        client.close();
      }
    }),
  );
  return { requests: latencies.length, seconds: (performance.now() - began) / 1000, latencies, others };
}
