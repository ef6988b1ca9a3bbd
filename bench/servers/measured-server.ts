import type { Processes } from '../process/processes.ts';

/** A stream that can be published to a server, and its media playlist there. */
export interface MeasuredStream {
  readonly publishUrl: string;
  readonly playlistPath: string;
}

/** A server that is measured: ours, or the peer. */
export interface MeasuredServer {
  readonly name: string;
  readonly httpPort: number;
  readonly processes: () => Processes;
  /** Makes so many streams that can be published to. */
  prepare(count: number): Promise<readonly MeasuredStream[]>;
  /** What tells the media of one broadcast of a stream from those before it, of a media URI; null when only the bytes tell. */
  broadcastOf(uri: string): string | null;
  /** When the last frame of video in a part or segment was to be sent, ms of its publisher's clock; null when there is none in it. */
  lastFrameMs(media: Buffer): number | null;
  /** Gives back the disk's space of what was recorded so far. Nothing may be published meanwhile. */
  dropMedia(): Promise<void>;
  close(): Promise<void>;
}
