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
  /** Each connection comes from an address of its own, and from another after some requests: limits by address are those of many clients. */
  readonly ownAddresses?: boolean;
  readonly signal: AbortSignal;
}

const REQUESTS_OF_ADDRESS = 500;
const ADDRESSES = 2 ** 24 - 2 ** 16;
let addresses = 0;

/** The next of 127.1.0.0 and up: all of 127.0.0.0/8 is this machine (Linux). */
function nextAddress(): string {
  const n = 2 ** 16 + (addresses++ % ADDRESSES);
  return `127.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
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
      for (let turn = i; performance.now() < end && !signal.aborted;) {
        const client = new WireClient(port, { headers, ...(ownAddresses ? { localAddress: nextAddress() } : {}) });
        const last = ownAddresses ? turn + REQUESTS_OF_ADDRESS : Infinity;
        try {
          for (; turn < last && performance.now() < end && !signal.aborted; turn += 1) {
            const asked = performance.now();
            const { status } = await client.get(paths[turn % paths.length]);
            latencies.push(performance.now() - asked);
            if (status !== 200) others += 1;
          }
        } finally {
          client.close();
        }
      }
    }),
  );
  return { requests: latencies.length, seconds: (performance.now() - began) / 1000, latencies, others };
}
