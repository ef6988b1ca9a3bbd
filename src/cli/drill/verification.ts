import type { LiveVideoSession } from '../../api/contract.ts';
import type { OwnLive } from './api-client.ts';
import { checkLive } from './check-live.ts';
import type { LiveFindings } from './check-live.ts';
import type { Take } from './drill-publisher.ts';
import { eachOf } from './each-of.ts';
import { settle } from './settle.ts';
import type { Sessions } from './settle.ts';
import type { DrillLive, Stage } from './stage.ts';

/** Replays that are read at a time; of each, one segment is in memory. */
const AT_ONCE = 4;
const PROGRESS_EVERY_MS = 5000;

/** What is found of one live, from its connections and its sessions. */
export type Check = (
  stage: Stage,
  live: OwnLive,
  takes: readonly Take[],
  sessions: readonly LiveVideoSession[],
) => Promise<LiveFindings>;

/** How many connections of each live are over. */
export type Mark = ReadonlyMap<DrillLive, number>;

/** Holds sessions and replays against what was sent: as they end, while the drill goes on, or all in the end. */
export class Verification {
  readonly findings: LiveFindings[] = [];
  readonly #stage: Stage;
  /** Connections and sessions that are judged. */
  readonly #judged = new Map<DrillLive, { takes: number; sessions: number }>();

  readonly #check: Check;

  constructor(stage: Stage, check: Check = checkLive) {
    this.#stage = stage;
    this.#check = check;
  }

  /** What is over now; only while nobody is on air. */
  mark(): Mark {
    return new Map(this.#stage.lives.map((each) => [each, each.publisher.takes.length]));
  }

  /** Judges what was over at that mark, one session for each connection, and deletes what turned out well: long storms do not fill a disk. */
  async follow(mark: Mark): Promise<void> {
    const sessions = await this.settle((each) => mark.get(each) ?? 0);
    await this.#judge(sessions, mark, async ({ session }) => {
      if (session.replayVideo !== undefined) await this.#stage.options.api.deleteVideo(session.replayVideo.uuid);
    });
  }

  /** The sessions of all lives, when those up to so many are settled. Replays of those that are judged may be gone. */
  settle(wanted: (each: DrillLive) => number): Promise<Sessions> {
    return settle(this.#stage, (each) => ({ from: this.#judged.get(each)?.sessions ?? 0, to: wanted(each) }));
  }

  /** Judges all that is left. */
  async finish(sessions: Sessions): Promise<void> {
    await this.#judge(sessions, null, async () => {});
  }

  get verified(): number {
    return this.findings.reduce((sum, { verified }) => sum + verified.length, 0);
  }

  async #judge(
    sessions: Sessions,
    mark: Mark | null,
    done: (verified: { session: LiveVideoSession }) => Promise<void>,
  ): Promise<void> {
    const { lives, options } = this.#stage;
    let read = 0;
    let toldAt = performance.now();
    await eachOf(lives, AT_ONCE, async (each) => {
      options.signal.throwIfAborted();
      const before = this.#judged.get(each) ?? { takes: 0, sessions: 0 };
      const to = mark?.get(each);
      const takes = each.publisher.takes.slice(before.takes, to);
      const those = (sessions.get(each) ?? []).slice(before.sessions, to);
      this.#judged.set(each, { takes: before.takes + takes.length, sessions: before.sessions + those.length });
      const findings = await this.#check(this.#stage, each.live, takes, those);
      this.findings.push(findings);
      for (const session of findings.verified) await done({ session });
      read += 1;
      if (performance.now() - toldAt < PROGRESS_EVERY_MS && (mark !== null || read < lives.length)) return;
      toldAt = performance.now();
      options.progress(`replays of ${read} of ${lives.length} lives are read`);
    });
  }
}
