/** Buffered time, from and to, in seconds. */
export type Range = readonly [start: number, end: number];

// wider holes are for hls.js to fill or to skip
const widest = 1.5;
// so near its end, a range has been played
const near = 0.06;
const beyond = 0.02;

/**
 * Where to seek when the playhead meets, or has just crossed, a hole between two ranges; `null` when there is none to cross.
 * Sound and picture seldom begin at one instant behind a discontinuity. Chromium plays the sound on over that hole and leaves the
 * picture standing for three seconds; a seek makes it find the next frames at once.
 */
export function leapOver(ranges: readonly Range[], before: number, now: number): number | null {
  const from = ranges.findIndex(([start, end]) => start <= before && before <= end);
  const next = ranges[from + 1];
  const here = ranges[from];
  if (here === undefined || next === undefined) return null;
  if (next[0] - here[1] > widest || now < here[1] - near || now > next[1] - near) return null;
  return Math.max(now, next[0]) + beyond;
}

/** The ranges of an element. */
export function rangesOf(buffered: TimeRanges): Range[] {
  return Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)] as const);
}
