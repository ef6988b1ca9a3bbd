import type { z } from 'zod';
import type { Queryable } from '../database/database.ts';
import { readLiveRecord } from '../database/directory.ts';
import type { LiveRecord } from '../database/directory.ts';
import { lockLiveSettings, updateLive as writeLive } from '../database/lives.ts';
import type { LiveSettings } from '../database/lives.ts';
import type { VideoRow } from '../database/videos.ts';
import type { ApiContext } from './context.ts';
import { windowMs } from './create-live.ts';
import { invalidField, Problem } from './problem.ts';
import type { liveUpdateSchema } from './schemas/live.ts';

type LiveUpdate = z.output<ReturnType<typeof liveUpdateSchema>>;

const ON_AIR = 1;
const LIVE_ENDED = 5;

/** Change the settings of a live. While it is on air too: the session keeps the copy it took when it began. */
export async function updateLive({ database, lives, inOrder }: ApiContext, video: VideoRow, body: LiveUpdate): Promise<void> {
  if (video.state === LIVE_ENDED)
    throw new Problem(400, 'This live is not permanent and has been broadcast: it cannot be changed any more.');
  await inOrder.run(video.uuid, async () => {
    const write = async (transaction: Queryable): Promise<LiveRecord | null> => {
      const now = await lockLiveSettings(transaction, video.id);
      if (!now) throw new Problem(404, `Live video not found: ${video.uuid}.`);
      if (video.state === ON_AIR && body.permanentLive !== undefined && body.permanentLive !== now.permanent) {
        throw invalidField('permanentLive', body.permanentLive, 'Cannot be changed while the live is on air');
      }
      await writeLive(transaction, video.id, changed(now, body));
      return readLiveRecord(transaction, video.uuid);
    };
    const record = await database.transaction(write, { idempotent: true });
    if (record) lives.put(record);
  });
}

function changed(now: LiveSettings, body: LiveUpdate): Omit<LiveSettings, 'streamKey'> {
  const saveReplay = body.saveReplay ?? now.saveReplay;
  const replayPrivacy = body.replaySettings?.privacy;
  if (!saveReplay && replayPrivacy !== undefined) {
    throw invalidField('replaySettings', body.replaySettings, 'Can be given only when saveReplay is true');
  }
  if (saveReplay && !now.saveReplay && replayPrivacy === undefined) {
    throw invalidField('replaySettings.privacy', replayPrivacy, 'Must be given when saveReplay is switched on');
  }
  return {
    permanent: body.permanentLive ?? now.permanent,
    saveReplay,
    replayPrivacy: saveReplay ? (replayPrivacy ?? now.replayPrivacy) : null,
    latencyMode: body.latencyMode ?? now.latencyMode,
    dvrWindowS: body.dvrWindow ?? now.dvrWindowS,
    reconnectWindowMs: body.reconnectWindow === undefined ? now.reconnectWindowMs : (windowMs(body.reconnectWindow) ?? null),
    takeover: body.takeover ?? now.takeover,
    schedules: body.schedules === undefined ? now.schedules : (body.schedules ?? []).map(({ startAt }) => new Date(startAt)),
  };
}
