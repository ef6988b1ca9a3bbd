import type { DrillArguments } from './drill-arguments.ts';
import type { Expectation } from './report.ts';
import type { Stage } from './stage.ts';
import type { TemporaryInstance } from './temporary-instance.ts';

const API_WITHIN_MS = 60_000;

/** PostgreSQL is stopped, everything restarts while it is away, and it comes back. */
export async function database(
  stage: Stage,
  { rounds, seconds, outageSeconds, how }: DrillArguments,
  instance: TemporaryInstance,
): Promise<Expectation> {
  const { progress, api } = stage.options;
  const count = stage.lives.length;
  await stage.startAll(false);
  await stage.firstPartsSeen();
  for (let round = 1; round <= rounds; round += 1) {
    await stage.wait(seconds * 1000);
    await instance.stopDatabase();
    progress(`outage ${round} of ${rounds}: PostgreSQL is stopped, for ${outageSeconds} s`);
    await stage.wait(outageSeconds * 500);
    await stage.stopAll(how);
    await stage.startAll(false);
    progress(`outage ${round} of ${rounds}: ${stage.onAir} of ${count} publishers taken without it`);
    await stage.firstPartsSeen();
    await stage.wait(outageSeconds * 500);
    await instance.startDatabase();
    const began = performance.now();
    await api.ready(API_WITHIN_MS);
    progress(
      `outage ${round} of ${rounds}: PostgreSQL is back, the API answered ${((performance.now() - began) / 1000).toFixed(1)} s later`,
    );
  }
  await stage.wait(seconds * 1000);
  await stage.stopAll(how);
  return { accepted: count * (rounds + 1), sessions: count * (rounds + 1), gaps: 0 };
}
