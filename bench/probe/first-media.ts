import { setTimeout as sleep } from 'node:timers/promises';
import { Fleet } from '../../src/cli/fleet.ts';
import { WireClient } from '../http/wire-client.ts';
import type { MeasuredServer, MeasuredStream } from '../servers/measured-server.ts';
import { until } from '../load/publishers.ts';
import { closeLater } from './close-later.ts';
import { newestMedia } from './newest-media.ts';

export interface FirstMediaOptions {
  readonly server: MeasuredServer;
  readonly streams: readonly MeasuredStream[];
  /** When the publishers connect, and how long anyone waits for them from then on. */
  readonly instantMs: number;
  readonly withinMs: number;
  /** How often each playlist is looked at. */
  readonly everyMs: number;
  /** Broadcasts that were there before, as the server tells them apart; those that come are added. */
  readonly known: Set<string>;
  readonly signal: AbortSignal;
}

/** Playlists are looked at over so many connections. */
const CONNECTIONS = 64;
/** Of so many streams, spread over all, the playlists are looked at: who looks must not take the time of those who are looked at. */
const LOOKED_AT = 100;
const FEW = 20;
/** A publisher's clock and ours are one, but frames go out in steps of 20 ms, and a segment's last frame is not its end. */
const CLOCK_SLACK_MS = 100;

/** Whose playlists are looked at, of these, and how often. */
export function lookedAt(streams: readonly MeasuredStream[]): Pick<FirstMediaOptions, 'streams' | 'everyMs'> {
  const step = Math.ceil(streams.length / LOOKED_AT);
  return { streams: streams.filter((_, i) => i % step === 0), everyMs: streams.length <= FEW ? 50 : 200 };
}

/**
 * Time from the instant in which all publishers connect until the first part or segment of each was fetched, whichever the playlist has; in ms,
 * without those that had none. The playlists are looked at in turns, so that a time is up to `everyMs` too long.
 */
export async function firstMedia(options: FirstMediaOptions): Promise<number[]> {
  const { server, streams, instantMs, withinMs, everyMs, signal } = options;
  const times: number[] = [];
  const lanes = Array.from({ length: Math.min(CONNECTIONS, streams.length) }, () => new WireClient(server.httpPort));
  const open = new Set(streams);
  const stop = closeLater(lanes, instantMs + withinMs, signal);
  try {
    await Promise.all(
      lanes.map(async (client, lane) => {
        const mine = streams.filter((_, i) => i % lanes.length === lane);
        await until(instantMs + (everyMs * lane) / lanes.length, signal);
        while (mine.some((stream) => open.has(stream)) && Fleet.now() < instantMs + withinMs) {
          const began = Fleet.now();
          for (const stream of mine) {
            if (!open.has(stream) || !(await hasNew(client, stream, options))) continue;
            open.delete(stream);
            times.push(Fleet.now() - instantMs);
          }
          await sleep(Math.max(0, began + everyMs - Fleet.now()), undefined, { signal });
        }
      }),
    );
  } finally {
    stop();
  }
  signal.throwIfAborted();
  return times;
}

async function hasNew(client: WireClient, stream: MeasuredStream, options: FirstMediaOptions): Promise<boolean> {
  const { server, instantMs, known } = options;
  try {
    const playlist = await client.get(stream.playlistPath);
    if (playlist.status !== 200) return false;
    const uri = newestMedia(playlist.body.toString(), stream.playlistPath);
    if (uri === null) return false;
    const broadcast = server.broadcastOf(uri);
    if (broadcast !== null && known.has(broadcast)) return false;
    const media = await client.get(uri);
    if (media.status !== 200) return false;
    const lastFrameMs = server.lastFrameMs(media.body);
    if (lastFrameMs === null) return false;
    // Where only the bytes tell: what ends later than anything sent since is of a broadcast before.
    if (broadcast === null) return lastFrameMs <= Fleet.now() - instantMs + CLOCK_SLACK_MS;
    known.add(broadcast);
    return true;
  } catch {
    return false; // a connection that broke, or a segment that is no more: it is looked at again
  }
}
