import { eachOf } from './each-of.ts';
import type { DrillArguments } from './drill-arguments.ts';
import { Filler } from './filler.ts';
import type { OwnDisk } from './own-disk.ts';
import { freeBytes } from './own-disk.ts';
import { percentiles } from './percentiles.ts';
import type { Expectation } from './report.ts';
import type { Stage } from './stage.ts';

const AT_ONCE = 4;
const RECORDED_AGAIN_WITHIN_MS = 60_000;
const API_WITHIN_MS = 60_000;
const LOOK_AGAIN_MS = 500;

/** All room is taken while publishers send, one more begins meanwhile, and it is given back: everybody is recorded on, in the same session. */
export async function disk(stage: Stage, { rounds, seconds, fullSeconds }: DrillArguments, own: OwnDisk): Promise<Expectation> {
  const { progress, api } = stage.options;
  const { lives, world } = stage;
  const [late] = lives.slice(-1);
  await stage.startAll(true, lives.slice(0, -1));
  await stage.firstPartsSeen();
  for (let round = 1; round <= rounds; round += 1) {
    await stage.wait(seconds * 1000);
    const before = lives.map(({ viewer }) => viewer.endSequence);
    const filler = await Filler.start(own.directory);
    const tell = (text: string): void => progress(`full disk ${round} of ${rounds}: ${text}`);
    try {
      tell(`${Math.round(filler.bytes / 1_000_000)} MB taken, ${await freeBytes(own.directory)} bytes left`);
      await stage.wait(fullSeconds * 500);
      if (round === 1) {
        await stage.startAll(true, [late]);
        await stage.firstPartsSeen();
        tell(`one more began: ${late.publisher.onAir ? 'taken' : 'NOT taken'}`);
      }
      await stage.wait(fullSeconds * 500);
      tell(`${stage.onAir} of ${lives.length} are on air`);
    } finally {
      await filler.remove();
    }
    lives.forEach(({ live, viewer }, i) => {
      if (viewer.endSequence - before[i] < fullSeconds / 4 && (round > 1 || i < lives.length - 1))
        world.fault('a playlist stood still while the disk was full', `${live.uuid}: at ${viewer.endSequence}`);
    });
    const began = performance.now();
    await api.ready(API_WITHIN_MS).catch((error: Error) => world.fault('the API is not back', error.message));
    tell(`room again; the API answered ${((performance.now() - began) / 1000).toFixed(1)} s later`);
    const took = percentiles(await recordedAgain(stage, round, began));
    if (took !== null)
      tell(`recorded again after ${(took.p50 / 1000).toFixed(1)} s, the last after ${(took.max / 1000).toFixed(1)} s`);
  }
  await stage.wait(seconds * 1000);
  await stage.stopAll('clean');
  return { accepted: lives.length, sessions: lives.length, gaps: rounds * lives.length, gapsAre: 'at least' };
}

/** When each session told of its gap, which it does when it is recorded again: ms from `began` on. */
async function recordedAgain(stage: Stage, round: number, began: number): Promise<number[]> {
  const { api } = stage.options;
  const took: number[] = [];
  const deadline = began + RECORDED_AGAIN_WITHIN_MS;
  await eachOf(stage.lives, AT_ONCE, async (each) => {
    for (;;) {
      const gaps = (await api.sessions(each.live.uuid)).reduce((sum, session) => sum + session.gaps.length, 0);
      if (gaps >= round) return took.push(performance.now() - began);
      if (performance.now() > deadline) {
        stage.world.fault('a session is not recorded again', `${each.live.name} (${each.live.uuid}): ${gaps} gaps`);
        return 0;
      }
      await stage.wait(LOOK_AGAIN_MS);
    }
  });
  return took;
}
