import type { Take } from './drill-publisher.ts';
/** How many frames of each kind are among the first `frames` of the file, sent over and over. */
export type CountFrames = (frames: number) => { readonly video: number; readonly audio: number };

type Counted = Readonly<Record<'video' | 'audio', number>>;

export interface Match<Run extends Counted> {
  /** The take that each run was made of. */
  readonly pairs: readonly { readonly take: Take; readonly run: Run; readonly lostFrames: number }[];
  /** Takes of which nothing is left, and that were too short to expect any. */
  readonly nothing: readonly Take[];
  readonly problems: readonly string[];
}

/**
 * Holds what the replays of a live have, run by run, against what its publisher's connections were given, in order. A connection that ended cleanly is
 * there to its last frame; any other may lack so many video frames as were in flight, and all of them if it had no more.
 */
export function matchRuns<Run extends Counted>(
  takes: readonly Take[],
  runs: readonly Run[],
  count: CountFrames,
  inFlight: number,
): Match<Run> {
  const pairs: { take: Take; run: Run; lostFrames: number }[] = [];
  const nothing: Take[] = [];
  const problems: string[] = [];
  let next = 0;
  for (const take of takes) {
    const sent = count(take.frames);
    const allowed = take.end === 'clean' ? 0 : inFlight;
    const run: Run | undefined = runs[next];
    const lost = run === undefined ? sent.video : sent.video - run.video;
    if (run !== undefined && lost >= 0 && lost <= allowed && (take.end !== 'clean' || sent.audio === run.audio)) {
      pairs.push({ take, run, lostFrames: lost });
      next += 1;
    } else if (sent.video <= allowed) {
      nothing.push(take);
    } else {
      const found = run === undefined ? 'nothing' : `${run.video} of video and ${run.audio} of audio`;
      problems.push(`${take.end} connection: ${sent.video} frames of video and ${sent.audio} of audio were sent, ${found} found`);
      if (run !== undefined) next += 1;
    }
  }
  if (next < runs.length) problems.push(`${runs.length - next} runs that no connection sent`);
  return { pairs, nothing, problems };
}
