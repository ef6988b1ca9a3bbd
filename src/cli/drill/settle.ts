import type { LiveVideoSession } from '../../api/contract.ts';
import { eachOf } from './each-of.ts';
import type { DrillLive, Stage } from './stage.ts';

const AT_ONCE = 4;
const LOOK_AGAIN_MS = 500;
const LEAST_MS = 30_000;
const PER_SESSION_MS = 50;

export type Sessions = ReadonlyMap<DrillLive, readonly LiveVideoSession[]>;

/** The sessions of all lives, once the first so many of each have ended, with their replays; or as they are when too much time has passed. */
export async function settle(stage: Stage, wanted: (each: DrillLive) => number): Promise<Sessions> {
  const { lives, options } = stage;
  let told = '';
  const sessions = new Map<DrillLive, LiveVideoSession[]>();
  const deadline = performance.now() + LEAST_MS + PER_SESSION_MS * lives.length;
  for (let open: readonly DrillLive[] = lives; ;) {
    await eachOf(open, AT_ONCE, async (each) => {
      options.signal.throwIfAborted();
      sessions.set(each, await options.api.sessions(each.live.uuid));
    });
    open = open.filter((each) => !isSettled(sessions.get(each) ?? [], wanted(each)));
    if (open.length === 0 || performance.now() > deadline) return sessions;
    const waiting = `waiting for the sessions and replays of ${open.length} lives`;
    if (waiting !== told) options.progress((told = waiting));
    await stage.wait(LOOK_AGAIN_MS);
  }
}

function isSettled(sessions: readonly LiveVideoSession[], count: number): boolean {
  return (
    sessions.length >= count &&
    sessions.slice(0, count).every(({ endingProcessed, replayVideo }) => endingProcessed && replayVideo !== undefined)
  );
}
