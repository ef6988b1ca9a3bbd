/** The value below which so much of the values lies (nearest rank); NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** The least, the middle and the most of what the rounds gave. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** The middle of an even number is between the two. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return { min: Number.NaN, median: Number.NaN, max: Number.NaN };
  const half = sorted.length / 2;
  const median = Number.isInteger(half) ? (sorted[half - 1] + sorted[half]) / 2 : sorted[Math.floor(half)];
  return { min: sorted[0], median, max: sorted[sorted.length - 1] };
}

/** Ours to the peer's, round by round: what disturbed the machine in a round disturbed both. */
export function ratios(ours: readonly number[], peers: readonly number[]): Spread {
  return spread(ours.slice(0, peers.length).map((value, round) => value / peers[round]));
}

/** `min-median-max`. */
export function formatSpread({ min, median, max }: Spread, digits: number): string {
  return Number.isNaN(median) ? '-' : [min, median, max].map((value) => value.toFixed(digits)).join('-');
}
