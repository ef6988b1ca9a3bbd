import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { findChannel } from '../database/channels.ts';
import type { Queryable } from '../database/database.ts';
import { readLiveRecord } from '../database/directory.ts';
import type { LiveRecord } from '../database/directory.ts';
import { countLives, insertLive, lockLiveCount } from '../database/lives.ts';
import type { User } from '../database/users.ts';
import { insertLiveVideo } from '../database/videos.ts';
import type { ApiContext, ApiLimits } from './context.ts';
import { isModerator } from './guard.ts';
import { invalidField, Problem, problem } from './problem.ts';
import type { liveCreateSchema } from './schemas/live.ts';
import { videoFieldsOf } from './video-fields.ts';

const PUBLIC = 1;

/** Make a live, with a stream key of its own, in a channel that the user may manage. */
export async function createLive(
  { database, lives, settings, log }: ApiContext,
  user: User,
  body: z.output<ReturnType<typeof liveCreateSchema>>,
): Promise<LiveRecord> {
  const channel = await findChannel(database, body.channelId);
  if (!channel) throw invalidField('channelId', body.channelId, 'No channel has this id');
  if (channel.userId !== user.id && !isModerator(user)) throw new Problem(403, 'Cannot make a live in a channel of another user.');

  const saveReplay = body.saveReplay ?? false;
  const privacy = body.privacy ?? PUBLIC;
  const record = await database.transaction(async (transaction) => {
    await refuseTooMany(transaction, channel.userId, settings.limits);
    const videoId = await insertLiveVideo(transaction, randomUUID(), { ...videoFieldsOf(body), channelId: channel.id, name: body.name, privacy });
    await insertLive(transaction, videoId, {
      streamKey: randomUUID(),
      permanent: body.permanentLive ?? false,
      saveReplay,
      replayPrivacy: saveReplay ? (body.replaySettings?.privacy ?? privacy) : null,
      latencyMode: body.latencyMode ?? 1,
      dvrWindowS: body.dvrWindow ?? settings.dvrMaxWindowS,
      reconnectWindowMs: windowMs(body.reconnectWindow) ?? null,
      takeover: body.takeover ?? 'take_over',
      schedules: (body.schedules ?? []).map(({ startAt }) => new Date(startAt)),
    });
    const made = await readLiveRecord(transaction, videoId);
    if (!made) throw new Error(`The live ${videoId} is gone within its own transaction.`);
    return made;
  });
  lives.put(record);
  log.info({ videoUuid: record.videoUuid, user: user.username }, 'live created');
  return record;
}

/** A reconnect window in seconds as the catalogue keeps it. */
export function windowMs(seconds: number | null | undefined): number | null | undefined {
  return typeof seconds === 'number' ? Math.round(seconds * 1000) : seconds;
}

async function refuseTooMany(transaction: Queryable, userId: number, { livesOfInstance, livesOfUser }: ApiLimits): Promise<void> {
  if (livesOfInstance < 0 && livesOfUser < 0) return;
  await lockLiveCount(transaction);
  const { ofInstance, ofUser } = await countLives(transaction, userId);
  if (livesOfInstance >= 0 && ofInstance >= livesOfInstance) {
    throw problem('max_instance_lives_limit_reached', `This server has ${ofInstance} lives; its limit is ${livesOfInstance}.`);
  }
  if (livesOfUser >= 0 && ofUser >= livesOfUser) {
    throw problem('max_user_lives_limit_reached', `The owner of the channel has ${ofUser} lives; the limit is ${livesOfUser}.`);
  }
}
