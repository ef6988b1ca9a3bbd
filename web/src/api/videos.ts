import { account } from './account.svelte.ts';
import type { Live, LiveSession, NewLive, Page, Video, VideoDetails } from './shapes.ts';

const at = (id: string | number) => encodeURIComponent(String(id));

/** Lives that anyone may see, those on air and those that wait. */
export function listLives(signal?: AbortSignal): Promise<Page<Video>> {
  return account.call('/videos?isLive=true&includeScheduledLive=true&sort=-publishedAt&count=100', signalled(signal));
}

/** Replays, newest first. */
export function listReplays(start: number, count: number, signal?: AbortSignal): Promise<Page<Video>> {
  return account.call(`/videos?isLive=false&sort=-publishedAt&start=${start}&count=${count}`, signalled(signal));
}

/** The replays of one channel, newest first. */
export function listChannelReplays(channel: string, count: number, signal?: AbortSignal): Promise<Page<Video>> {
  return account.call(`/video-channels/${at(channel)}/videos?isLive=false&sort=-publishedAt&count=${count}`, signalled(signal));
}

/** The lives of the signed-in account, newest first. */
export function listMyLives(signal?: AbortSignal): Promise<Page<Video>> {
  return account.call('/users/me/videos?isLive=true&sort=-createdAt&count=100', signalled(signal));
}

export function getVideo(id: string, signal?: AbortSignal): Promise<VideoDetails> {
  return account.call(`/videos/${at(id)}`, signalled(signal));
}

export function deleteVideo(id: string): Promise<void> {
  return account.call(`/videos/${at(id)}`, { method: 'DELETE' });
}

/** A live's settings; with its key for who may broadcast to it. */
export function getLive(id: string, signal?: AbortSignal): Promise<Live> {
  return account.call(`/videos/live/${at(id)}`, signalled(signal));
}

/** The broadcasts of a live, newest first; only for who manages it. */
export function listSessions(id: string, signal?: AbortSignal): Promise<Page<LiveSession>> {
  return account.call(`/videos/live/${at(id)}/sessions?sort=-startDate`, signalled(signal));
}

export async function createLive(live: NewLive): Promise<{ uuid: string; shortUUID: string }> {
  const body = new FormData();
  body.set('channelId', String(live.channelId));
  body.set('name', live.name);
  body.set('privacy', String(live.privacy));
  body.set('permanentLive', String(live.permanentLive));
  body.set('saveReplay', String(live.saveReplay));
  if (live.saveReplay) body.set('replaySettings[privacy]', String(live.replayPrivacy));
  const { video } = await account.call<{ video: { uuid: string; shortUUID: string } }>('/videos/live', { method: 'POST', body });
  return video;
}

function signalled(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}
