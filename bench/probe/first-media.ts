import { setTimeout as sleep } from 'node:timers/promises';
import { Fleet } from '../../src/cli/fleet.ts';
import { WireClient } from '../http/wire-client.ts';
import type { MeasuredServer, MeasuredStream } from '../servers/measured-server.ts';
import { until } from '../load/publishers.ts';
import { closeLater } from './close-later.ts';
import { blockingReload, newestMedia } from './newest-media.ts';

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
 * without those that had none. A server that answers playlists when they change is asked so where there is a playlist already; else they are looked at, and a
 * time is up to `everyMs` too long.
 */
export async function firstMedia(options: FirstMediaOptions): Promise<number[]> {
  const { server, streams, instantMs, withinMs, everyMs, signal } = options;
  const times: number[] = [];
  const clients = streams.map(() => new WireClient(server.httpPort));
  const stop = closeLater(clients, instantMs + withinMs, signal);
  try {
    await Promise.all(
      streams.map(async (stream, i) => {
        await until(instantMs + (everyMs * i) / streams.length, signal);
        let next = '';
        while (Fleet.now() < instantMs + withinMs) {
          const began = Fleet.now();
          const looked = await look(clients[i], stream, next, options);
          if (looked === 'new') return void times.push(Fleet.now() - instantMs);
          next = looked;
          if (next === '') await sleep(Math.max(0, began + everyMs - Fleet.now()), undefined, { signal });
        }
      }),
    );
  } finally {
    stop();
  }
  signal.throwIfAborted();
  return times;
}

/** Whether there is something new; else what to ask for next. */
async function look(client: WireClient, stream: MeasuredStream, query: string, options: FirstMediaOptions): Promise<string> {
  try {
    const { status, body } = await client.get(`${stream.playlistPath}${query}`);
    if (status !== 200) return '';
    const playlist = body.toString();
    const uri = newestMedia(playlist, stream.playlistPath);
    return uri !== null && (await isNew(client, uri, options)) ? 'new' : blockingReload(playlist);
  } catch {
    return ''; // a connection that broke: it is looked at again
  }
}

async function isNew(client: WireClient, uri: string, { server, instantMs, known }: FirstMediaOptions): Promise<boolean> {
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
}
