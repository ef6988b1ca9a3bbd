/** What the player shows over the picture, or `playing` for nothing. */
export type Picture =
  'loading' | 'playing' | 'waiting' | 'offline' | 'reconnecting' | 'ended' | 'forbidden' | 'missing' | 'unsupported';

/** What the API last said of the live. */
export type LiveState = 'on-air' | 'waiting' | 'ended';

/** What is known of a live when the question is asked. */
export interface LiveFacts {
  said: LiveState;
  /** The answer to the last look at the playlist. */
  playlist: 'unknown' | 'absent' | 'forbidden' | 'unreachable' | 'present';
  /** Whether a player is open on the playlist. */
  open: boolean;
  /** Whether a frame has been shown since it was opened. */
  shown: boolean;
  /** Since the playlist last grew. */
  sinceGrowthMs: number;
  /** A playlist that has not grown for this long has lost its publisher. */
  growthLimitMs: number;
  /** Buffered after the playhead. */
  aheadSeconds: number;
}

// less than this ahead, and there is nothing left to show
const dry = 0.4;

/** The state of a live's picture. */
export function pictureOfLive(facts: LiveFacts): Picture {
  const lasting = facts.open && facts.shown && facts.aheadSeconds > dry;
  if (facts.playlist === 'forbidden') return 'forbidden';
  if (lasting) return 'playing';
  if (facts.playlist === 'unreachable') return 'reconnecting';
  if (facts.said === 'ended') return 'ended';
  if (!facts.open) {
    if (facts.playlist === 'absent') return 'waiting';
    return facts.playlist === 'present' && facts.said === 'waiting' ? 'offline' : 'loading';
  }
  if (facts.sinceGrowthMs > facts.growthLimitMs) return 'offline';
  return facts.shown ? 'playing' : 'loading';
}

/** How long a playlist may stand still: a few parts for low latency, else two and a half segments. */
export function growthLimit(targetSeconds: number, partSeconds: number | null): number {
  return partSeconds === null ? Math.max(3000, targetSeconds * 2500) : Math.max(2000, partSeconds * 5000);
}
