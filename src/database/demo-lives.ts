import { randomUUID } from 'node:crypto';
import { insertLive } from './lives.ts';
import type { Database } from './database.ts';
import { insertLiveVideo } from './videos.ts';

const PUBLIC = 1;

/** Makes the permanent lives `Demo 1` to `Demo <count>` in root's channel, those that are missing; gives the stream keys of all. */
export async function ensureDemoLives(database: Database, count: number, dvrWindowS: number): Promise<string[]> {
  return database.transaction(async (transaction) => {
    const { rows: channels } = await transaction.query<{ id: number }>(
      `select id from channels where name = 'root_channel' for update`,
    );
    const channel = channels[0];
    if (channel === undefined) throw new Error('There is no root_channel to put demo lives in.');
    const { rows: made } = await transaction.query<{ name: string; streamKey: string }>(
      `select v.name, l.stream_key as "streamKey" from lives l join videos v on v.id = l.video_id where v.channel_id = $1`,
      [channel.id],
    );
    const keys: string[] = [];
    for (let number = 1; number <= count; number += 1) {
      const name = `Demo ${number}`;
      const streamKey = made.find((live) => live.name === name)?.streamKey ?? randomUUID();
      keys.push(streamKey);
      if (made.some((live) => live.name === name)) continue;
      const videoId = await insertLiveVideo(transaction, randomUUID(), { channelId: channel.id, name, privacy: PUBLIC });
      if (videoId === null) throw new Error('a fresh uuid was taken');
      await insertLive(transaction, videoId, {
        streamKey,
        permanent: true,
        saveReplay: true,
        replayPrivacy: PUBLIC,
        latencyMode: 1,
        dvrWindowS,
        reconnectWindowMs: null,
        takeover: 'take_over',
        schedules: [],
      });
    }
    return keys;
  });
}
