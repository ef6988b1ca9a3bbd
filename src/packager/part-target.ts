import { MEDIA_TIMESCALE } from '../media/track.ts';

const STEP_TICKS = MEDIA_TIMESCALE / 100;
/** Timestamps of RTMP are whole milliseconds: a part of n frames may be this much longer than n intervals. */
const JITTER_TICKS = 2 * (MEDIA_TIMESCALE / 1000);

/**
 * The Part Target Duration for a stream, in ticks: as many whole frames as come nearest to the wanted duration, so that each part is
 * at least 85 % of the target and none is longer (draft-pantos-hls-rfc8216bis, EXT-X-PART-INF). Rounded up to 10 ms.
 */
export function partTargetTicks(wantedTicks: number, measuredInterval: number, frameRate: number | null): number {
  const told = frameRate !== null && frameRate > 0 ? MEDIA_TIMESCALE / frameRate : 0;
  const interval = told > measuredInterval / 2 && told < measuredInterval * 2 ? told : measuredInterval;
  const frames = Math.max(1, Math.round(wantedTicks / interval));
  return Math.ceil((frames * interval + JITTER_TICKS) / STEP_TICKS) * STEP_TICKS;
}
