import { setTimeout as sleep } from 'node:timers/promises';
import { Fleet } from '../../src/cli/fleet.ts';
import { WireClient } from '../http/wire-client.ts';
import type { MeasuredServer, MeasuredStream } from '../servers/measured-server.ts';
import { closeLater } from './close-later.ts';
import { blockingReload, newestMedia } from './newest-media.ts';

export interface WatchedStream extends MeasuredStream {
  /** When its publisher sent what has time 0. */
  readonly zeroAtMs: number;
}

/** A server that can not make us wait is asked so often. */
const POLL_MS = 10;
/** An answer that is waited for at the end comes within this time. */
const GRACE_MS = 1000;

/**
 * Time from the sending of the last frame of a part (of a segment, where there are no parts) until a viewer has fetched the part, in ms; for some
 * streams, until `untilMs`. A server that answers playlists when they change is asked so, the other one every 10 ms.
 */
export async function partLatency(
  server: MeasuredServer,
  streams: readonly WatchedStream[],
  untilMs: number,
  signal: AbortSignal,
): Promise<number[]> {
  const latencies: number[] = [];
  await Promise.all(streams.map((stream) => watch(server, stream, untilMs, signal, latencies)));
  return latencies;
}

async function watch(
  server: MeasuredServer,
  stream: WatchedStream,
  untilMs: number,
  signal: AbortSignal,
  latencies: number[],
): Promise<void> {
  const client = new WireClient(server.httpPort);
  let last: string | null = null;
  let next = '';
  const stop = closeLater([client], untilMs + GRACE_MS, signal);
  try {
    while (Fleet.now() < untilMs && !signal.aborted) {
      const { status, body } = await client.get(`${stream.playlistPath}${next}`);
      const text = status === 200 ? body.toString() : '';
      const uri = newestMedia(text, stream.playlistPath);
      if (uri !== null && uri !== last) {
        const media = await client.get(uri);
        const fetchedAtMs = Fleet.now();
        const lastFrameMs = media.status === 200 ? server.lastFrameMs(media.body) : null;
        // What was there when we came has been there for we do not know how long.
        if (last !== null && lastFrameMs !== null) latencies.push(fetchedAtMs - (stream.zeroAtMs + lastFrameMs));
        last = uri;
      }
      next = blockingReload(text);
      if (next === '') await sleep(POLL_MS, undefined, { signal });
    }
  } catch {
    // It was cut off: what was measured so far counts.
  } finally {
    stop();
  }
  signal.throwIfAborted();
}
