import type { DrillArguments } from './drill-arguments.ts';
import type { Expectation } from './report.ts';
import type { Stage } from './stage.ts';
import type { Mark, Verification } from './verification.ts';

/** Everything restarts in the same instant, again and again. */
export async function storm(
  stage: Stage,
  { rounds, seconds, how }: DrillArguments,
  verification: Verification,
): Promise<Expectation> {
  let over: Mark | null = null;
  const { progress } = stage.options;
  const count = stage.lives.length;
  for (let round = 1; round <= rounds; round += 1) {
    const began = performance.now();
    await stage.startAll(false);
    progress(
      `round ${round} of ${rounds}: ${stage.onAir} of ${count} publishers taken within ${seconds2(performance.now() - began)} s`,
    );
    await stage.firstPartsSeen();
    // The round before is read while this one is on air, so that what is on disk stays bounded.
    if (over !== null) await verification.follow(over);
    await stage.wait(began + seconds * 1000 - performance.now());
    await stage.stopAll(how);
    over = verification.mark();
  }
  return { accepted: count * rounds, sessions: count * rounds, gaps: 0 };
}

function seconds2(ms: number): string {
  return (ms / 1000).toFixed(2);
}
