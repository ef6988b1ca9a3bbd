import type { DrillArguments } from './drill-arguments.ts';
import type { ImageDisk } from './image-disk.ts';
import type { Expectation } from './report.ts';
import type { Stage } from './stage.ts';
import type { TemporaryInstance } from './temporary-instance.ts';

const BACK_WITHIN_MS = 30_000;
const LOOK_AGAIN_MS = 20;
const LAST_MS = 2000;
/** A session that began in the moment before its first sync is lost whole by a cut, and says so: the drill is about those that go on. */
const SYNCED_MS = 2500;

/** The server is killed at random moments, or with `image` the power of its disk is cut, and started again; its publishers come back by themselves. */
export async function kill(
  stage: Stage,
  { rounds, seconds }: DrillArguments,
  instance: TemporaryInstance,
  image: ImageDisk | null,
): Promise<Expectation> {
  const { world } = stage;
  const { progress } = stage.options;
  const count = stage.lives.length;
  await stage.startAll(true);
  await stage.firstPartsSeen();
  if (image !== null) await stage.wait(SYNCED_MS);
  for (let round = 1; round <= rounds; round += 1) {
    await stage.wait(Math.random() * seconds * 1000);
    world.serverDown = true;
    stage.expectNew();
    const began = performance.now();
    if (image === null) await instance.kill();
    else {
      await instance.killAll();
      await image.cutPower();
    }
    await instance.start();
    world.serverDown = false;
    const readyMs = performance.now() - began;
    await allOnAir(stage);
    await stage.firstPartsSeen();
    progress(
      `kill ${round} of ${rounds}: ready again after ${(readyMs / 1000).toFixed(1)} s, ${stage.onAir} of ${count} publishers back`,
    );
  }
  await stage.wait(LAST_MS);
  await stage.stopAll('clean');
  const expected = { accepted: count * (rounds + 1), sessions: count, gaps: count * rounds, kills: rounds };
  // Two cuts in a row of which nothing was kept in between are one gap.
  return image === null ? expected : { ...expected, gapsAre: 'at most' };
}

async function allOnAir(stage: Stage): Promise<void> {
  const deadline = performance.now() + BACK_WITHIN_MS;
  while (stage.onAir < stage.lives.length && performance.now() < deadline) await stage.wait(LOOK_AGAIN_MS);
}
