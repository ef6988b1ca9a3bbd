import { isDeepStrictEqual } from 'node:util';
import { eachOf } from './each-of.ts';
import type { Sessions } from './settle.ts';
import type { Stage } from './stage.ts';
import type { TemporaryInstance } from './temporary-instance.ts';

const AT_ONCE = 4;

/** Stops the server in order and starts it once more: what is over must stay as it is. */
export async function startAgain(stage: Stage, instance: TemporaryInstance, before: Sessions): Promise<void> {
  const { world, options } = stage;
  world.serverDown = true;
  if (!(await instance.stop())) world.fault('the server did not stop in order', 'SIGTERM');
  await instance.start();
  world.serverDown = false;
  await eachOf(stage.lives, AT_ONCE, async (each) => {
    const after = await options.api.sessions(each.live.uuid);
    if (!isDeepStrictEqual(after, before.get(each))) {
      world.fault(
        'another start changed sessions',
        `${each.live.name}: ${JSON.stringify(before.get(each))} became ${JSON.stringify(after)}`,
      );
    }
  });
  options.progress('the server was started once more, and the sessions read again');
}
