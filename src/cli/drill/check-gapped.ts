import type { LiveVideoSession } from '../../api/contract.ts';
import type { OwnLive } from './api-client.ts';
import type { LiveFindings } from './check-live.ts';
import type { Take } from './drill-publisher.ts';
import { matchGaps } from './match-gaps.ts';
import { readReplay } from './replay-reader.ts';
import type { Stage } from './stage.ts';

/** What a gap lasted and what is missing may differ so much: it ends at a keyframe, and begins with what was not whole. */
const GAP_OFF_MS = 2500;
const CAUSE = /ENOSPC|no space/i;

/** Verifies the one session of a live whose disk was full for a time: it says so, has a gap for what is missing, and all the rest. */
export async function checkGapped(
  { world, lives, options: { http, media } }: Stage,
  live: OwnLive,
  takes: readonly Take[],
  sessions: readonly LiveVideoSession[],
): Promise<LiveFindings> {
  const fault = (kind: string, detail: string): void => world.fault(kind, `${live.name} (${live.uuid}): ${detail}`);
  const findings = { sessions: sessions.length, gaps: 0, replays: 0, videoFrames: 0, audioFrames: 0, timesOffMs: 0 };
  const verified: LiveVideoSession[] = [];
  const lostMs: number[] = [];
  const [take] = takes;
  for (const session of sessions) {
    findings.gaps += session.gaps.length;
    if (session.error === null || !CAUSE.test(session.errorDetail ?? ''))
      fault('a session does not say that the disk was full', `${session.error} ${session.errorDetail}`);
    if (session.replayVideo === undefined || take === undefined) continue;
    findings.replays += 1;
    try {
      const runs = await readReplay(http, session.replayVideo.uuid, media.truth, { anywhere: true });
      const turn = { video: media.truth.video.length, audio: media.truth.audio.length };
      // The last one began on a full disk.
      const match = matchGaps(take.frames, runs, media.count, turn, live !== lives.at(-1)?.live);
      const missingMs = (match.missing * 1000) / media.framesPerSecond;
      const gapMs = session.gaps.reduce((sum, gap) => sum + Date.parse(gap.endedAt) - Date.parse(gap.beganAt), 0);
      const problems = [...match.problems];
      if (Math.abs(missingMs - gapMs) > GAP_OFF_MS)
        problems.push(`${Math.round(missingMs)} ms are missing, its gaps are ${gapMs} ms`);
      for (const problem of problems) fault('a replay lacks more than its gaps, or has too much', problem);
      findings.videoFrames += runs.reduce((sum, run) => sum + run.video, 0);
      findings.audioFrames += runs.reduce((sum, run) => sum + run.audio, 0);
      lostMs.push(missingMs);
      if (problems.length === 0) verified.push(session);
    } catch (error) {
      fault('a replay is not what was sent', (error as Error).message);
    }
  }
  return { ...findings, verified, lostMs, lostOf: lostMs.map(() => 0) };
}
