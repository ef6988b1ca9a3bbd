import { connect } from 'node:net';
import { ProtocolError } from '../errors.ts';
import { RtmpClientConnection } from '../rtmp/client-connection.ts';
import type { FlvFile } from '../rtmp/flv-file.ts';
import { frameClock } from './frame-clock.ts';

export type PublishEvent =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'published' }
  /** The server said no. */
  | { readonly kind: 'refused'; readonly code: string; readonly description: string }
  | { readonly kind: 'disconnected'; readonly reason: string };

export interface PublishOnceOptions {
  readonly url: string;
  readonly file: FlvFile;
  readonly signal: AbortSignal;
  readonly onEvent?: (event: PublishEvent) => void;
}

const DEFAULT_PORT = 1935;
const GOODBYE_MS = 1000;
/** With more than this unsent the server is too slow for us: nothing is added until it has read. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024;

/** Publishes over one connection until it is over or aborted; resolves with whether it was taken. Never rejects. */
export function publishOnce(options: PublishOnceOptions): Promise<boolean> {
  const { file, signal, onEvent } = options;
  const { host, port, app, streamKey, tcUrl } = parseUrl(options.url);
  return new Promise((resolve) => {
    let published = false;
    let reason = 'closed by the server';
    let leaveClock = (): void => {};
    const socket = connect({ host, port, noDelay: true });
    const rtmp = new RtmpClientConnection({
      app,
      tcUrl,
      streamKey,
      flashVer: 'Reprise',
      allocate: (size) => Buffer.allocUnsafe(size),
      handler: {
        write: (bytes) => void socket.write(bytes),
        published: () => {
          published = true;
          onEvent?.({ kind: 'published' });
          if (file.metadata !== null) rtmp.writeMetadata(file.metadata);
          rtmp.writeTags(file.configs, 0, file.configs.length, 0);
          leaveClock = frameClock.join(pace(rtmp, file, () => socket.writableLength < MAX_UNSENT_BYTES));
        },
        failed: (code, description) => {
          onEvent?.({ kind: 'refused', code, description });
          socket.end();
        },
      },
    });
    const goodbye = (): void => {
      leaveClock();
      reason = 'stopped';
      rtmp.unpublish();
      socket.end();
      if (socket.connecting) socket.destroy();
      else setTimeout(() => socket.destroy(), GOODBYE_MS).unref();
    };
    onEvent?.({ kind: 'connecting' });
    socket.on('connect', () => rtmp.start());
    socket.on('data', (bytes) => {
      try {
        rtmp.push(bytes);
      } catch (error) {
        reason = error instanceof ProtocolError ? error.reason : String(error);
        socket.destroy();
      }
    });
    socket.on('error', (error: NodeJS.ErrnoException) => (reason = error.code ?? error.message));
    socket.on('close', () => {
      leaveClock();
      signal.removeEventListener('abort', goodbye);
      onEvent?.({ kind: 'disconnected', reason });
      resolve(published);
    });
    if (signal.aborted) goodbye();
    else signal.addEventListener('abort', goodbye, { once: true });
  });
}

/** Sends, at each tick, the frames whose time has come; the file begins anew behind its last frame. */
function pace(rtmp: RtmpClientConnection, file: FlvFile, mayWrite: () => boolean): (now: number) => void {
  const { frames, durationMs } = file;
  const startedAt = performance.now();
  let next = 0;
  let shiftMs = 0;
  return (now) => {
    const due = now - startedAt;
    while (mayWrite()) {
      let to = next;
      while (to < frames.length && frames[to].timestampMs + shiftMs <= due) to += 1;
      rtmp.writeTags(frames, next, to, shiftMs);
      next = to;
      if (next < frames.length) return;
      next = 0;
      shiftMs += durationMs;
    }
  };
}

function parseUrl(text: string): { host: string; port: number; app: string; streamKey: string; tcUrl: string } {
  const url = new URL(text);
  const parts = url.pathname.split('/').filter((part) => part !== '');
  const streamKey = (parts.pop() ?? '') + url.search;
  const app = parts.join('/');
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port, app, streamKey, tcUrl: `rtmp://${url.host}/${app}` };
}
