import type { LiveVideoSession } from '../../api/contract.ts';
import type { Take } from './drill-publisher.ts';
import type { OwnLive } from './api-client.ts';
import { matchRuns } from './match-runs.ts';
import type { Match } from './match-runs.ts';
import { readReplay } from './replay-reader.ts';
import type { ReplayRun } from './replay-reader.ts';
import type { Stage } from './stage.ts';

/** What was found of one live. */
export interface LiveFindings {
  readonly sessions: number;
  readonly gaps: number;
  readonly replays: number;
  /** Replays whose every frame is one that was sent, and which lack none. */
  readonly verified: readonly LiveVideoSession[];
  readonly videoFrames: number;
  readonly audioFrames: number;
  /** Video frames that were in flight when a connection broke, by connection. */
  readonly lostMs: readonly number[];
  /** Which of the live's connections each of these was. */
  readonly lostOf: readonly number[];
  /** How far a session's times are from those of its publisher, the worst. */
  readonly timesOffMs: number;
}

/** Media that may be lost with a connection that was cut: what was in flight. */
export const IN_FLIGHT_MS = 1000;

/** Verifies sessions and replays of one live against the connections that its publisher knows of; one that was cut may lack so much at its end. */
export async function checkLive(
  { world, options: { http, media } }: Stage,
  live: OwnLive,
  takes: readonly Take[],
  sessions: readonly LiveVideoSession[],
  lossMs = IN_FLIGHT_MS,
): Promise<LiveFindings> {
  const found: { session: LiveVideoSession; runs: ReplayRun[]; isWhole: boolean }[] = [];
  for (const session of sessions) {
    if (session.error !== null)
      world.fault('a session has an error', `${session.uuid}: ${session.error} ${session.errorDetail ?? ''}`);
    if (session.replayVideo === undefined) continue;
    try {
      found.push({ session, runs: await readReplay(http, session.replayVideo.uuid, media.truth), isWhole: true });
    } catch (error) {
      world.fault('a replay is not what was sent', `${session.replayVideo.uuid}: ${(error as Error).message}`);
      found.push({ session, runs: [], isWhole: false });
    }
  }
  const runs = found.flatMap((each) => each.runs);
  const inFlight = Math.ceil((lossMs * media.framesPerSecond) / 1000);
  const match = matchRuns(takes, runs, media.count, inFlight);
  for (const problem of match.problems)
    world.fault('a replay lacks frames, or has too many', `${live.name} (${live.uuid}): ${problem}`);
  const matched = new Set(match.pairs.map(({ run }) => run));
  const verified = found.filter((each) => each.isWhole && each.runs.length > 0 && each.runs.every((run) => matched.has(run)));
  const broken = match.pairs.filter(({ take }) => take.end !== 'clean');
  return {
    sessions: sessions.length,
    gaps: sessions.reduce((sum, { gaps }) => sum + gaps.length, 0),
    replays: found.length,
    verified: verified.map(({ session }) => session),
    videoFrames: runs.reduce((sum, run) => sum + run.video, 0),
    audioFrames: runs.reduce((sum, run) => sum + run.audio, 0),
    lostMs: broken.map(({ lostFrames }) => (lostFrames * 1000) / media.framesPerSecond),
    lostOf: broken.map(({ take }) => takes.indexOf(take)),
    timesOffMs: Math.max(0, ...found.map(({ session, runs: own }) => timesOff(session, own, match))),
  };
}

/** How far a session's start lies outside of [asked, taken] of its first connection, and its end outside of [wanted, closed] of its last. */
function timesOff(
  { startDate, endDate }: LiveVideoSession,
  runs: readonly ReplayRun[],
  { pairs, nothing }: Match<ReplayRun>,
): number {
  const takes = pairs.filter(({ run }) => runs.includes(run)).map(({ take }) => take);
  if (takes.length === 0 || endDate === null) return 0;
  const first = takes[0];
  // It may have begun with a connection of which nothing is left.
  const firsts = [first, ...nothing.filter(({ askedAt }) => askedAt < first.askedAt)];
  const last = takes[takes.length - 1];
  return Math.max(
    Math.min(...firsts.map(({ askedAt, publishedAt }) => outside(Date.parse(startDate), askedAt, publishedAt))),
    outside(Date.parse(endDate), last.endingAt, last.endedAt),
  );
}

function outside(time: number, from: number, to: number): number {
  return Math.max(0, from - time, time - to);
}
