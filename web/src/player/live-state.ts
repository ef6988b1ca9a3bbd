import type { Video } from '../../../src/api/contract.ts';
import type { LiveState } from './picture.ts';

/** What the API says of a live; `null` for a replay. */
export function liveStateOf(video: Pick<Video, 'isLive' | 'state'>): LiveState | null {
  if (!video.isLive) return null;
  return video.state.id === 1 ? 'on-air' : video.state.id === 4 ? 'waiting' : 'ended';
}
