/** All times: ms since 1970 with fractions, of the machine's clock, which a fleet and its owner share. */

export interface FleetMember {
  /** The owner's; comes back in all that is told of it. */
  readonly id: number;
  /** rtmp://host[:port]/app/key */
  readonly url: string;
}

/** `clean`: with a goodbye; `abrupt`: reset without a word, as a crash or a power cut would. */
export type FleetEnd = 'clean' | 'abrupt';

/** From the owner. */
export type FleetOrder =
  | { readonly kind: 'media'; readonly bitrate: number | null; readonly file: string | null }
  | {
      readonly kind: 'begin';
      readonly members: readonly FleetMember[];
      /** All connect in this instant. */
      readonly atMs: number;
      /** They come back by themselves until they are stopped. */
      readonly reconnect: boolean;
    }
  | { readonly kind: 'stop'; readonly order: number; readonly ids: readonly number[]; readonly how: FleetEnd }
  | { readonly kind: 'count'; readonly order: number };

/** What happened to one member. */
export type FleetEvent =
  | { readonly kind: 'accepted'; readonly id: number; readonly askedAtMs: number; readonly acceptedAtMs: number }
  /** Its connection is closed right after. */
  | { readonly kind: 'refused'; readonly id: number; readonly atMs: number; readonly code: string; readonly description: string }
  | FleetClosed;

/** A connection, or a try to get one, is over. */
export interface FleetClosed {
  readonly kind: 'closed';
  readonly id: number;
  readonly askedAtMs: number;
  /** Null: it was never taken. */
  readonly acceptedAtMs: number | null;
  /** When we wanted the end, or saw it, and when it was done. */
  readonly endingAtMs: number;
  readonly endedAtMs: number;
  /** `lost`: not by us. */
  readonly end: FleetEnd | 'lost';
  readonly reason: string;
  /** Frames given to it, from the file's first on and over and over, and the timestamp of the last; -1: none. */
  readonly frames: number;
  readonly untilMs: number;
}

/** How the fleet itself is. */
export interface FleetCount {
  readonly onAir: number;
  /** CPU time of its process since the count before, and the time that passed. */
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Media sent in that time, all publishers together. */
  readonly streamMs: number;
  /** How late its wheel was at the worst: times of a fleet that starves are not to be trusted. */
  readonly worstLateMs: number;
}

/** From the fleet. */
export type FleetAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'events'; readonly events: readonly FleetEvent[] }
  | { readonly kind: 'done'; readonly order: number; readonly count?: FleetCount };
