import type { RequestCounts } from '../delivery/delivery.ts';
import type { Application } from '../http/application.ts';

/** What is counted of the players, and of all who came to the HTTP port. */
export interface PlayerCounts {
  readonly requests: Readonly<RequestCounts>;
  /** Requests that a mistake of ours kept from their answer. */
  readonly failures: number;
  /** Requests that wait for media to come. */
  readonly waiting: number;
  readonly connections: number;
  readonly sentBytes: number;
}

/** Before the first has come. */
export const NO_PLAYERS: PlayerCounts = {
  requests: { playlist: 0, part: 0, segment: 0, replay: 0, refused: 0 },
  failures: 0,
  waiting: 0,
  connections: 0,
  sentBytes: 0,
};

/** The HTTP port, for players, pages and the API: on this thread, or on others. */
export interface PlayerDoor {
  readonly port: number;
  /** Listens; rejects when the address is taken. */
  start(): Promise<void>;
  /** Brings the application what is not for players; until then it is answered with 503. */
  serve(application: Application): void;
  /** The directory has changed under a video's UUID. */
  changed(videoUuid: string): void;
  /** Never rejects. */
  counts(): Promise<PlayerCounts>;
  /** Answers all who wait, and closes; idempotent. */
  close(): Promise<void>;
}
