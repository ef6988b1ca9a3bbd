/**
 * A moment within `overMs` for each of `count`, ascending: the time is cut into as many equal pieces, and each gets a moment of its own piece by
 * chance. So no two wait for long nor meet in one second, and clocks that tick alike elsewhere do not tick with ours.
 */
export function spread(count: number, overMs: number, random: () => number): number[] {
  const pieceMs = overMs / count;
  return Array.from({ length: count }, (_, i) => Math.round((i + random()) * pieceMs));
}
