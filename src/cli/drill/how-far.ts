import type { DrillPublisher } from './drill-publisher.ts';
import type { Stage } from './stage.ts';
import type { Verification } from './verification.ts';

/** What was counted up to now, for a person who waits. */
export function howFar({ lives, onAir, world }: Stage, { verified }: Verification): string {
  const sum = (pick: (publisher: DrillPublisher) => number): number =>
    lives.reduce((total, { publisher }) => total + pick(publisher), 0);
  const [accepted, refused] = [sum((each) => each.accepted), sum((each) => each.refusals.length)];
  const [failed, dropped] = [sum((each) => each.failed), sum((each) => each.dropped)];
  return `${onAir} of ${lives.length} on air; accepted ${accepted}, refused ${refused}, failed ${failed}, dropped ${dropped}; replays verified ${verified}; kinds of faults ${world.faults.length}`;
}
