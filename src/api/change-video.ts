import type { z } from 'zod';
import { findChannel } from '../database/channels.ts';
import type { Queryable } from '../database/database.ts';
import { readLiveRecord, readReplayRecord } from '../database/directory.ts';
import { deleteVideo, updateVideo } from '../database/videos.ts';
import type { VideoRow } from '../database/videos.ts';
import type { ApiContext } from './context.ts';
import { invalidField, Problem } from './problem.ts';
import type { videoUpdateSchema } from './schemas/video.ts';
import { videoFieldsOf } from './video-fields.ts';

/** Change what a video is called, where it is shown and to whom, and tell the room `lives`. */
export async function changeVideo(context: ApiContext, video: VideoRow, body: z.output<typeof videoUpdateSchema>): Promise<void> {
  const { database, lives, inOrder } = context;
  const { channelId } = body;
  if (channelId !== undefined && channelId !== video.channelId) await requireChannel(context, channelId, video);
  const write = async (transaction: Queryable) => {
    const isThere = await updateVideo(transaction, video.id, { ...videoFieldsOf(body), channelId });
    if (!isThere) throw new Problem(404, `Video not found: ${video.uuid}.`);
    return { live: await readLiveRecord(transaction, video.uuid), replay: await readReplayRecord(transaction, video.uuid) };
  };
  await inOrder.run(video.uuid, async () => {
    const { live, replay } = await database.transaction(write, { idempotent: true });
    if (live) lives.put(live);
    if (replay) lives.putReplay(replay);
  });
}

async function requireChannel({ database }: ApiContext, channelId: number, video: VideoRow): Promise<void> {
  const channel = await findChannel(database, channelId);
  if (!channel) throw invalidField('channelId', channelId, 'No channel has this id');
  if (channel.userId !== video.ownerId) throw new Problem(403, 'Cannot move a video to a channel of another user.');
}

/** Delete a video; the room `lives` disconnects its publisher and deletes what nobody can watch any more. */
export async function removeVideo(
  { database, lives, inOrder, log }: ApiContext,
  video: VideoRow,
  username: string,
): Promise<void> {
  await inOrder.run(video.uuid, async () => {
    await database.transaction((transaction) => deleteVideo(transaction, video.id), { idempotent: true });
    log.info({ video: video.uuid, user: username }, video.isLive ? 'live deleted' : 'replay deleted');
    if (video.isLive) await lives.remove(video.uuid);
    else if (video.sessionId !== null) await lives.removeReplay({ videoUuid: video.uuid, sessionId: video.sessionId });
  });
}
