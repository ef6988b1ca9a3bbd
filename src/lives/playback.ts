import type { LiveEdge } from './live-edge.ts';

/** What a player may ask for under a video's UUID. */
export type Playback =
  | { readonly kind: 'live'; readonly privacy: number; readonly ownerId: number; readonly edge: LiveEdge }
  | { readonly kind: 'replay'; readonly privacy: number; readonly ownerId: number; readonly sessionId: string };

/** Who a session's media belongs to: its live, while the playlist may name it, and its replay. Either may show it. */
export interface MediaOwners {
  readonly rights: readonly { readonly videoUuid: string; readonly privacy: number; readonly ownerId: number }[];
  /** The live, while its playlist may name it. */
  readonly liveUuid: string | null;
  /** Where its newest parts are, or null. */
  readonly edge: LiveEdge | null;
}
