import type { DrillArguments } from './drill-arguments.ts';
import type { Expectation } from './report.ts';
import type { Stage } from './stage.ts';

/** Everything restarts in the same instant, again and again. */
export async function storm(stage: Stage, { rounds, seconds, how }: DrillArguments): Promise<Expectation> {
  const { progress } = stage.options;
  const count = stage.lives.length;
  for (let round = 1; round <= rounds; round += 1) {
    const began = performance.now();
    await stage.startAll(false);
    progress(
      `round ${round} of ${rounds}: ${stage.onAir} of ${count} publishers taken within ${seconds2(performance.now() - began)} s`,
    );
    await stage.firstPartsSeen();
    await stage.wait(began + seconds * 1000 - performance.now());
    await stage.stopAll(how);
  }
  return { accepted: count * rounds, sessions: count * rounds, gaps: 0 };
}

function seconds2(ms: number): string {
  return (ms / 1000).toFixed(2);
}
