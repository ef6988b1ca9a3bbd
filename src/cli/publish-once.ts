import { connect } from 'node:net';
import { ProtocolError } from '../errors.ts';
import { RtmpClientConnection } from '../rtmp/client-connection.ts';
import type { MediaSource } from './media-source.ts';
import { parseRtmpUrl } from './rtmp-url.ts';

export type PublishEvent =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'published' }
  /** The server said no. */
  | { readonly kind: 'refused'; readonly code: string; readonly description: string }
  | { readonly kind: 'disconnected'; readonly reason: string };

export interface PublishOnceOptions {
  /** rtmp://host[:port]/app/key */
  readonly url: string;
  readonly source: MediaSource;
  /** Aborting says goodbye to the server. */
  readonly signal: AbortSignal;
  /** Aborting resets the connection without a word, as a crash or a power cut would. */
  readonly crash?: AbortSignal;
  readonly onEvent?: (event: PublishEvent) => void;
}

/** How a connection went. */
export interface PublishOutcome {
  /** `ended`: the source had no more; `stopped`: we were told to; `lost`: anything else. */
  readonly end: 'ended' | 'stopped' | 'refused' | 'lost';
  /** How long media was taken; 0 when it never was. */
  readonly publishedMs: number;
  readonly refusal: { readonly code: string; readonly description: string } | null;
  readonly reason: string;
}

const GOODBYE_MS = 3000;
const PUBLISHED_WITHIN_MS = 10_000;
/** A server that takes nothing for so long is gone, whatever TCP says. */
const STALLED_MS = 15_000;
const WATCH_MS = 1000;

/** Publishes over one connection until it is over or aborted. Never rejects; throws when the URL is none. */
export function publishOnce(options: PublishOnceOptions): Promise<PublishOutcome> {
  const { source, signal, crash, onEvent } = options;
  const { host, port, app, streamKey, tcUrl } = parseRtmpUrl(options.url);
  return new Promise((resolve) => {
    let publishedAt = -1;
    let end: PublishOutcome['end'] = 'lost';
    let refusal: PublishOutcome['refusal'] = null;
    let reason = 'closed by the server';
    let leave = (): void => {};
    const socket = connect({ host, port, noDelay: true });
    const goodbye = (): void => {
      leave();
      if (end === 'lost') end = 'stopped';
      reason = end;
      rtmp.unpublish();
      socket.end();
      if (socket.connecting) socket.destroy();
      else setTimeout(() => socket.destroy(), GOODBYE_MS).unref();
    };
    const rtmp = new RtmpClientConnection({
      app,
      tcUrl,
      streamKey,
      flashVer: 'Reprise',
      allocate: (size) => Buffer.allocUnsafe(size),
      handler: {
        write: (bytes) => void socket.write(bytes),
        published: () => {
          publishedAt = performance.now();
          onEvent?.({ kind: 'published' });
          leave = source.play({
            rtmp,
            unsentBytes: () => socket.writableLength,
            ended: () => {
              end = 'ended';
              goodbye();
            },
          });
        },
        failed: (code, description) => {
          leave();
          if (end === 'lost') end = 'refused';
          refusal = { code, description };
          reason = 'refused';
          onEvent?.({ kind: 'refused', code, description });
          socket.end();
          setTimeout(() => socket.destroy(), GOODBYE_MS).unref();
        },
      },
    });
    const giveUp = (why: string): void => {
      reason = why;
      socket.destroy();
    };
    const unplug = (): void => {
      leave();
      end = 'stopped';
      reason = 'crashed';
      socket.resetAndDestroy();
    };
    const began = performance.now();
    let takenBytes = 0;
    let takenAt = began;
    const watch = setInterval(() => {
      const now = performance.now();
      const taken = socket.bytesWritten - socket.writableLength;
      if (taken !== takenBytes || socket.writableLength === 0) takenAt = now;
      takenBytes = taken;
      if (publishedAt < 0 && now - began > PUBLISHED_WITHIN_MS)
        giveUp(socket.connecting ? 'no connection in time' : 'no answer in time');
      else if (now - takenAt > STALLED_MS) giveUp('the server takes nothing any more');
    }, WATCH_MS);
    onEvent?.({ kind: 'connecting' });
    socket.on('connect', () => rtmp.start());
    socket.on('data', (bytes) => {
      try {
        rtmp.push(bytes);
      } catch (error) {
        giveUp(error instanceof ProtocolError ? error.reason : String(error));
      }
    });
    socket.on('error', (error: NodeJS.ErrnoException) => (reason = error.code ?? error.message));
    socket.on('close', () => {
      leave();
      clearInterval(watch);
      signal.removeEventListener('abort', goodbye);
      crash?.removeEventListener('abort', unplug);
      onEvent?.({ kind: 'disconnected', reason });
      resolve({ end, publishedMs: publishedAt < 0 ? 0 : performance.now() - publishedAt, refusal, reason });
    });
    crash?.addEventListener('abort', unplug, { once: true });
    if (crash?.aborted) unplug();
    else if (signal.aborted) goodbye();
    else signal.addEventListener('abort', goodbye, { once: true });
  });
}
