import { setTimeout as sleep } from 'node:timers/promises';
import { Fleet } from '../../src/cli/fleet.ts';
import { closeLater } from '../probe/close-later.ts';
import { WireClient } from '../http/wire-client.ts';
import type { MeasuredServer, MeasuredStream } from '../servers/measured-server.ts';
import { readEdgePlaylist } from './edge-playlist.ts';
import { PlayerClock } from './player-clock.ts';

export interface ViewerOptions {
  readonly server: MeasuredServer;
  readonly stream: MeasuredStream;
  /** When its publisher sent what has time 0; null: this viewer does not look into what it gets, which costs us time. */
  readonly zeroAtMs: number | null;
  /** From its first media on, in ms: what a player is told to stay behind the edge. */
  readonly holdBackMs: number;
  readonly untilMs: number;
  /** Ages of media, in ms, go there: from the sending of its first frame until its last byte is here. */
  readonly ages: number[];
  readonly signal: AbortSignal;
}

export interface Viewed {
  readonly stalls: number;
  readonly requests: number;
  readonly bytes: number;
}

const FRAME_MS = 1000 / 30;
/** A player that is not answered when something is new asks again after half a segment, or a whole one if it got one (RFC 8216, 6.3.4). */
const RELOAD_MS = 1000;
/** An answer that is waited for at the end comes within this time. */
const GRACE_MS = 2000;

/** Watches the edge of a live until `untilMs`: by blocking reloads of delta updates and parts where there are any, else by segments. */
export async function watchEdge(options: ViewerOptions): Promise<Viewed> {
  const { server, stream, untilMs, signal } = options;
  const client = new WireClient(server.httpPort);
  const clock = new PlayerClock(options.holdBackMs);
  let requests = 0;
  let bytes = 0;
  let last: string | null = null;
  let next = '';
  const stop = closeLater([client], untilMs + GRACE_MS, signal);
  try {
    while (Fleet.now() < untilMs && !signal.aborted) {
      const { status, body } = await client.get(`${stream.playlistPath}${next}`);
      requests += 1;
      bytes += body.length;
      const text = status === 200 ? body.toString() : '';
      const { media, nextSequence, nextPart } = readEdgePlaylist(text);
      const from = last === null ? media.length - 1 : media.findIndex(({ uri }) => uri === last) + 1;
      const fresh = media.slice(from < 1 && last !== null ? -1 : from);
      for (const { uri, durationMs } of fresh) {
        const answer = await client.get(new URL(uri, `http://server${stream.playlistPath}`).pathname);
        requests += 1;
        bytes += answer.body.length;
        last = uri;
        if (answer.status === 200) received(options, clock, answer.body, durationMs);
      }
      const canBlock = text.includes('CAN-BLOCK-RELOAD=YES') || next !== '';
      next = canBlock && text !== '' ? `?_HLS_msn=${nextSequence}&_HLS_part=${nextPart}&_HLS_skip=YES` : '';
      if (next === '') await sleep(fresh.length > 0 ? RELOAD_MS : RELOAD_MS / 2, undefined, { signal });
    }
  } catch {
    // It was cut off.
  } finally {
    stop();
  }
  signal.throwIfAborted();
  return { stalls: clock.stalls, requests, bytes };
}

function received({ server, zeroAtMs, ages }: ViewerOptions, clock: PlayerClock, media: Buffer, durationMs: number): void {
  const nowMs = Fleet.now();
  clock.received(nowMs, durationMs);
  const lastFrameMs = zeroAtMs === null ? null : server.lastFrameMs(media);
  if (lastFrameMs !== null && zeroAtMs !== null) ages.push(nowMs - (zeroAtMs + lastFrameMs + FRAME_MS - durationMs));
}
