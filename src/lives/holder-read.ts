import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Live } from './live.ts';

/** Turns of the event loop in which a connection that is told to reads an end, and is closed. */
const TURNS_TO_READ = 10;
const LATE_END_MS = 20;

/** Lets a live's holder read what it has been sent: an end that was on its way before the newcomer asked is an end, and no takeover. */
export async function holderRead(live: Live): Promise<void> {
  const { holder } = live;
  await holder?.readNow();
  const isThere = (): boolean => holder !== null && live.holder === holder;
  for (let turns = 0; isThere() && turns < TURNS_TO_READ; turns += 1) await nextTurn();
  // On a busy machine the kernel may be late with it.
  if (isThere()) await sleep(LATE_END_MS);
}
