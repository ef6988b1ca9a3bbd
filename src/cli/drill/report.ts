import type { FleetCount } from '../fleet.ts';
import type { LiveFindings } from './check-live.ts';
import { percentiles } from './percentiles.ts';
import type { Percentiles } from './percentiles.ts';
import type { Stage } from './stage.ts';

export interface Expectation {
  readonly accepted: number;
  readonly sessions: number;
  readonly gaps: number;
  /** How many gaps there may be; exactly so many when not set. */
  readonly gapsAre?: 'at least' | 'at most';
  /** How often all connections were cut: what is lost is told for each. */
  readonly kills?: number;
}

/** What a drill found; times in ms. */
export interface DrillReport {
  readonly drill: string;
  readonly lives: number;
  readonly rounds: number;
  readonly bitrate: number;
  readonly tookMs: number;
  readonly publishers: {
    readonly attempts: number;
    readonly expected: number;
    readonly accepted: number;
    readonly refused: number;
    readonly failed: number;
    readonly dropped: number;
    readonly refusals: Readonly<Record<string, number>>;
    /** What the drill's own publishers took, of one core, and how late they were at the worst: times of a drill that starves are not to be trusted. */
    readonly ownCpu: number;
    readonly ownWorstLateMs: number;
  };
  readonly sessions: { readonly expected: number; readonly found: number; readonly timesOffMs: number | null };
  readonly gaps: { readonly expected: number; readonly found: number };
  readonly replays: { readonly expected: number; readonly found: number; readonly verified: number };
  readonly frames: {
    readonly video: number;
    readonly audio: number;
    readonly lostInFlightMs: Percentiles | null;
    readonly lostByKill: readonly (Percentiles | null)[];
  };
  readonly firstPartMs: Percentiles | null;
  readonly firstPartsMissing: number;
  readonly viewers: { readonly playlists: number; readonly parts: number };
  readonly faults: readonly { readonly kind: string; readonly count: number; readonly first: string }[];
  /** Warnings and errors in the log of a temporary instance. */
  readonly complaints: readonly string[];
  readonly ok: boolean;
}

export interface ReportInput {
  readonly drill: string;
  readonly rounds: number;
  readonly bitrate: number;
  readonly tookMs: number;
  readonly stage: Stage;
  readonly lives: number;
  readonly expected: Expectation;
  readonly findings: readonly LiveFindings[];
  readonly complaints: readonly string[];
  /** The fleet, over the whole drill. */
  readonly count: FleetCount;
  /** The server's clock is ours: times can be compared. */
  readonly sameClock: boolean;
}

/** A session's times may differ so much from what its publisher saw. */
const TIMES_OFF_MS = 1000;

/** Puts together what was counted, and judges it. */
export function makeReport({ stage, expected, findings, complaints, count, sameClock, ...rest }: ReportInput): DrillReport {
  const { world } = stage;
  const publishers = stage.lives.map(({ publisher }) => publisher);
  const sum = <T>(of: readonly T[], pick: (each: T) => number): number => of.reduce((total, each) => total + pick(each), 0);
  const refusals: Record<string, number> = {};
  for (const code of publishers.flatMap((publisher) => publisher.refusals)) refusals[code] = (refusals[code] ?? 0) + 1;
  const refused = sum(Object.values(refusals), (count) => count);
  const accepted = sum(publishers, (publisher) => publisher.accepted);
  const sessions = {
    expected: expected.sessions,
    found: sum(findings, (each) => each.sessions),
    timesOffMs: sameClock ? Math.max(0, ...findings.map((each) => each.timesOffMs)) : null,
  };
  const gaps = { expected: expected.gaps, found: sum(findings, (each) => each.gaps) };
  const replays = {
    expected: expected.sessions,
    found: sum(findings, (each) => each.replays),
    verified: sum(findings, (each) => each.verified.length),
  };
  if (sessions.timesOffMs !== null && sessions.timesOffMs > TIMES_OFF_MS)
    world.fault('times of a session are not true', `off by ${Math.round(sessions.timesOffMs)} ms`);
  if (refused > 0) world.fault('a publisher was refused', JSON.stringify(refusals));
  const { faults } = world;
  const isWhole = accepted === expected.accepted && sessions.found === expected.sessions && areEnough(gaps, expected.gapsAre);
  const ok =
    faults.length === 0 &&
    isWhole &&
    replays.verified === replays.expected &&
    replays.found === replays.expected &&
    stage.firstPartsMissing === 0;
  return {
    ...rest,
    publishers: {
      attempts: sum(publishers, ({ attempts }) => attempts),
      expected: expected.accepted,
      accepted,
      refused,
      failed: sum(publishers, ({ failed }) => failed),
      dropped: sum(publishers, ({ dropped }) => dropped),
      refusals,
      ownCpu: count.cpuMs / count.wallMs,
      ownWorstLateMs: count.worstLateMs,
    },
    sessions,
    gaps,
    replays,
    frames: {
      video: sum(findings, (each) => each.videoFrames),
      audio: sum(findings, (each) => each.audioFrames),
      lostInFlightMs: percentiles(findings.flatMap((each) => each.lostMs)),
      lostByKill: Array.from({ length: expected.kills ?? 0 }, (_, kill) =>
        percentiles(findings.flatMap(({ lostMs, lostOf }) => lostMs.filter((_, i) => lostOf[i] === kill))),
      ),
    },
    firstPartMs: percentiles(stage.firstPartMs),
    firstPartsMissing: stage.firstPartsMissing,
    viewers: {
      playlists: sum(stage.lives, ({ viewer }) => viewer.playlists),
      parts: sum(stage.lives, ({ viewer }) => viewer.parts),
    },
    faults,
    complaints,
    ok,
  };
}

function areEnough(
  { found, expected }: { readonly found: number; readonly expected: number },
  are: Expectation['gapsAre'],
): boolean {
  if (are === undefined) return found === expected;
  return are === 'at least' ? found >= expected : found <= expected;
}
