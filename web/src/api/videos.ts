import type { List, LiveVideo, LiveVideoCreate, LiveVideoCreated, Video, VideoDetails } from '../../../src/api/contract.ts';
import { account } from './account.svelte.ts';

const at = (id: string | number) => encodeURIComponent(String(id));

/** Lives that anyone may see: on air, and waiting for their publisher. */
export function listLives(signal?: AbortSignal): Promise<List<Video>> {
  return account.call('/videos?isLive=true&includeWaitingLive=true&sort=-publishedAt&count=100', signalled(signal));
}

/** Replays, newest first; of one live when it is given. */
export function listReplays(start: number, count: number, signal?: AbortSignal, live?: string): Promise<List<Video>> {
  const of = live === undefined ? '' : `&replayOf=${at(live)}`;
  return account.call(`/videos?isLive=false&sort=-publishedAt&start=${start}&count=${count}${of}`, signalled(signal));
}

/** The lives of the signed-in account, newest first. */
export function listMyLives(signal?: AbortSignal): Promise<List<Video>> {
  return account.call('/users/me/videos?isLive=true&sort=-createdAt&count=100', signalled(signal));
}

/** A video by its number, UUID or short UUID. */
export function getVideo(id: string, signal?: AbortSignal): Promise<VideoDetails> {
  return account.call(`/videos/${at(id)}`, signalled(signal));
}

/** Removes a video; a live's replays stay. */
export function deleteVideo(id: string): Promise<void> {
  return account.call(`/videos/${at(id)}`, { method: 'DELETE' });
}

/** A live's settings; with its key for who may broadcast to it. */
export function getLive(id: string, signal?: AbortSignal): Promise<LiveVideo> {
  return account.call(`/videos/live/${at(id)}`, signalled(signal));
}

/** What the form of a new live asks. */
export type NewLive = Required<Pick<LiveVideoCreate, 'channelId' | 'name' | 'privacy' | 'permanentLive' | 'saveReplay'>> & {
  replayPrivacy: number;
};

/** Makes a live. */
export async function createLive(live: NewLive): Promise<LiveVideoCreated['video']> {
  const body = new FormData();
  body.set('channelId', String(live.channelId));
  body.set('name', live.name);
  body.set('privacy', String(live.privacy));
  body.set('permanentLive', String(live.permanentLive));
  body.set('saveReplay', String(live.saveReplay));
  if (live.saveReplay) body.set('replaySettings[privacy]', String(live.replayPrivacy));
  const { video } = await account.call<LiveVideoCreated>('/videos/live', { method: 'POST', body });
  return video;
}

function signalled(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}
