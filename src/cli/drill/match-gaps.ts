import type { CountFrames } from './match-runs.ts';
import type { ReplayRun } from './replay-reader.ts';

/** A replay of one connection in which something was not recorded. */
export interface GapMatch {
  /** Frames of video that are not in it. */
  readonly missing: number;
  readonly problems: readonly string[];
}

/**
 * Holds the runs of a replay against the one connection that it was made of: the last frame that was sent is there, and all before it that are not in a gap
 * between runs, or before the first (`fromStart` false). Where a run begins is told by its frames, up to whole turns of the media.
 */
export function matchGaps(
  sentFrames: number,
  runs: readonly ReplayRun[],
  count: CountFrames,
  turn: { readonly video: number; readonly audio: number },
  fromStart: boolean,
): GapMatch {
  const sent = count(sentFrames);
  const problems: string[] = [];
  const last = runs.at(-1);
  if (last === undefined) return { missing: sent.video, problems: ['nothing is there'] };
  for (const kind of ['video', 'audio'] as const) {
    const has = runs.reduce((sum, run) => sum + run[kind], 0);
    if (has > sent[kind]) problems.push(`${has} frames of ${kind} are there, ${sent[kind]} were sent`);
    const endsAt = (sent[kind] - last[kind]) % turn[kind];
    if (!last[`${kind}Starts`].includes(endsAt)) problems.push(`the last frame of ${kind} is not the last that was sent`);
    if (fromStart && !runs[0][`${kind}Starts`].includes(0)) problems.push(`the first frame of ${kind} is not there`);
  }
  return { missing: sent.video - runs.reduce((sum, run) => sum + run.video, 0), problems };
}
