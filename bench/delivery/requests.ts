import { inRounds } from '../figures/rounds.ts';
import { closedLoop } from '../http/closed-loop.ts';
import { hasWrk, wrk } from '../http/wrk.ts';
import { cpuBetween, readCpu } from '../process/process-tree.ts';
import { listServers } from '../servers/servers.ts';
import type { Servers } from '../servers/servers.ts';
import { makeMediaObjects } from './media-objects.ts';
import type { MediaObject } from './media-objects.ts';

/** What one load on one server gave. */
export interface RequestLoad {
  /** CPU of the server for a request, in microseconds. */
  readonly cpuUs: number;
  readonly perSecond: number;
  readonly gigabits: number;
}

export interface RequestResult {
  readonly object: MediaObject;
  readonly ours: readonly RequestLoad[];
  readonly peers: readonly RequestLoad[];
}

const CONNECTIONS = 64;

/** The same bytes asked for over and over, of both servers in turns. */
export async function requestLoads(
  servers: Servers,
  { seconds, rounds }: { seconds: number; rounds: number },
  signal: AbortSignal,
  progress: (text: string) => void,
): Promise<RequestResult[]> {
  const results: RequestResult[] = [];
  const withWrk = hasWrk();
  if (!withWrk) progress('wrk is not there: a client of our own asks, and takes more of the machine');
  for (const object of await makeMediaObjects(servers, signal)) {
    const loads = await inRounds(listServers(servers), rounds, async (server) => {
      signal.throwIfAborted();
      const path = server === servers.ours ? object.oursPath : object.peerPath;
      const { server: pids } = server.processes();
      const load = { connections: CONNECTIONS, seconds };
      const before = readCpu(pids);
      const { requests, seconds: took } = withWrk
        ? await wrk(`http://127.0.0.1:${server.httpPort}${path}`, load)
        : await closedLoop({ ...load, port: server.httpPort, paths: [path], signal });
      const cpuUs = cpuBetween(before, readCpu(pids)).ns / 1000 / requests;
      progress(`${object.name} of ${object.bytes} bytes, ${server.name}: ${cpuUs.toFixed(1)} us per request`);
      return { cpuUs, perSecond: requests / took, gigabits: (requests * object.bytes * 8) / took / 1e9 };
    });
    const peers = servers.peer === null ? [] : (loads.get(servers.peer) ?? []);
    results.push({ object, ours: loads.get(servers.ours) ?? [], peers });
  }
  return results;
}
