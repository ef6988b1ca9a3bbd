import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { findChannel } from '../database/channels.ts';
import type { Queryable } from '../database/database.ts';
import { readLiveRecord } from '../database/directory.ts';
import type { LiveRecord } from '../database/directory.ts';
import { countLives, insertLive, lockLiveCount } from '../database/lives.ts';
import type { LiveSettings } from '../database/lives.ts';
import type { User } from '../database/users.ts';
import { insertLiveVideo } from '../database/videos.ts';
import type { ApiContext, ApiLimits } from './context.ts';
import { isModerator } from './guard.ts';
import { invalidField, Problem, problem } from './problem.ts';
import type { liveCreateSchema } from './schemas/live.ts';
import { videoFieldsOf } from './video-fields.ts';

type LiveCreate = z.output<ReturnType<typeof liveCreateSchema>>;

const PUBLIC = 1;

/** Make a live, with a stream key of its own, in a channel that the user may manage. */
export async function createLive(
  { database, lives, inOrder, settings, log }: ApiContext,
  user: User,
  body: LiveCreate,
): Promise<LiveRecord> {
  if (settings.rtmpPublicUrl === null)
    throw problem('live_not_enabled', 'Lives are not enabled on this server: it does not listen for RTMP.');
  const channel = await findChannel(database, body.channelId);
  if (!channel) throw invalidField('channelId', body.channelId, 'No channel has this id');
  if (channel.userId !== user.id && !isModerator(user))
    throw new Problem(403, 'Cannot make a live in a channel of another user.');

  // Chosen before the transaction: one whose commit is in doubt finds at its next try that the live is there.
  const uuid = randomUUID();
  const live = settingsOf(body, settings.dvrMaxWindowS);
  const write = async (transaction: Queryable): Promise<LiveRecord | null> => {
    if (settings.limits.livesOfInstance >= 0 || settings.limits.livesOfUser >= 0) await lockLiveCount(transaction);
    const fields = { ...videoFieldsOf(body), channelId: channel.id, name: body.name, privacy: body.privacy ?? PUBLIC };
    const videoId = await insertLiveVideo(transaction, uuid, fields);
    if (videoId !== null) {
      await insertLive(transaction, videoId, live);
      await refuseTooMany(transaction, channel.userId, settings.limits);
    }
    return readLiveRecord(transaction, uuid);
  };
  return inOrder.run(uuid, async () => {
    const record = await database.transaction(write, { idempotent: true });
    if (!record) throw new Error(`The live ${uuid} was deleted while it was made.`);
    lives.put(record);
    log.info({ live: uuid, user: user.username }, 'live created');
    return record;
  });
}

function settingsOf(body: LiveCreate, dvrMaxWindowS: number): LiveSettings {
  const saveReplay = body.saveReplay ?? false;
  return {
    streamKey: randomUUID(),
    permanent: body.permanentLive ?? false,
    saveReplay,
    replayPrivacy: saveReplay ? (body.replaySettings?.privacy ?? body.privacy ?? PUBLIC) : null,
    latencyMode: body.latencyMode ?? 1,
    dvrWindowS: body.dvrWindow ?? dvrMaxWindowS,
    reconnectWindowMs: windowMs(body.reconnectWindow) ?? null,
    takeover: body.takeover ?? 'take_over',
    schedules: (body.schedules ?? []).map(({ startAt }) => new Date(startAt)),
  };
}

/** A reconnect window in seconds as the catalogue keeps it. */
export function windowMs(seconds: number | null | undefined): number | null | undefined {
  return typeof seconds === 'number' ? Math.round(seconds * 1000) : seconds;
}

async function refuseTooMany(transaction: Queryable, userId: number, { livesOfInstance, livesOfUser }: ApiLimits): Promise<void> {
  const { ofInstance, ofUser } = await countLives(transaction, userId);
  if (livesOfInstance >= 0 && ofInstance > livesOfInstance) {
    throw problem('max_instance_lives_limit_reached', `This server has as many lives as its limit allows: ${livesOfInstance}.`);
  }
  if (livesOfUser >= 0 && ofUser > livesOfUser) {
    throw problem(
      'max_user_lives_limit_reached',
      `The owner of the channel has as many lives as the limit allows: ${livesOfUser}.`,
    );
  }
}
