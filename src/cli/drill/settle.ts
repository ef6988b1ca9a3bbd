import type { LiveVideoSession } from '../../api/contract.ts';
import { eachOf } from './each-of.ts';
import type { DrillLive, Stage } from './stage.ts';

/** Lives that are waited for at a time: while some are late, the API is not asked for all of them again and again, which has a limit. */
const AT_ONCE = 4;
const LOOK_AGAIN_MS = 500;
const LEAST_MS = 30_000;
const PER_LIVE_MS = 50;

export type Sessions = ReadonlyMap<DrillLive, readonly LiveVideoSession[]>;

/** Sessions of a live, by their order: from this one on, and up to that one. */
export interface Wanted {
  readonly from: number;
  readonly to: number;
}

/** The sessions of all lives, once the wanted ones have ended, with their replays; or as they are when too much time has passed. */
export async function settle(stage: Stage, wanted: (each: DrillLive) => Wanted): Promise<Sessions> {
  const { lives, options } = stage;
  const found = new Map<DrillLive, readonly LiveVideoSession[]>();
  const deadline = performance.now() + LEAST_MS + PER_LIVE_MS * lives.length;
  await eachOf(lives, AT_ONCE, async (each) => {
    for (;;) {
      options.signal.throwIfAborted();
      const sessions = await options.api.sessions(each.live.uuid);
      found.set(each, sessions);
      if (isSettled(sessions, wanted(each)) || performance.now() > deadline) return;
      await stage.wait(LOOK_AGAIN_MS);
    }
  });
  return found;
}

function isSettled(sessions: readonly LiveVideoSession[], { from, to }: Wanted): boolean {
  return (
    sessions.length >= to &&
    sessions.slice(from, to).every(({ endingProcessed, replayVideo }) => endingProcessed && replayVideo !== undefined)
  );
}
