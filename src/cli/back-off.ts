/** How long to wait before the next try. */
export interface BackOff {
  /** The longest wait behind a first failure. */
  readonly firstMs: number;
  /** The longest wait of all. */
  readonly longestMs: number;
}

export const RECONNECT_BACK_OFF: BackOff = { firstMs: 500, longestMs: 10_000 };

/** Capped exponential back-off with full jitter, in ms: a thousand publishers must not come back all at once. `failures`: tries in a row that led nowhere. */
export function fullJitter(failures: number, { firstMs, longestMs }: BackOff, random: () => number = Math.random): number {
  return random() * Math.min(longestMs, firstMs * 2 ** Math.min(failures, 30));
}
