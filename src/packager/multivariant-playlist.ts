import { MEDIA_TIMESCALE } from '../media/track.ts';
import type { MediaTimeline, TimelinePart } from './media-timeline.ts';

/** Segments that the measures are taken over: the newest ones. */
const MEASURED_SEGMENTS = 60;
/** Frame rates that a measured one is taken for when it is near: within 2 %. */
const NEAR = 0.02;
const USUAL_FRAME_RATES = [10, 12, 12.5, 15, 20, 24000 / 1001, 24, 25, 30000 / 1001, 30, 48, 50, 60000 / 1001, 60, 120];

/** Bits and frames a second as they were, or null while there is no media. */
export interface Measures {
  readonly peakBitRate: number;
  readonly averageBitRate: number;
  readonly frameRate: number | null;
}

/**
 * Measures the newest media of a timeline: BANDWIDTH is the peak over runs of segments of at least half a target duration, or what there is of the first
 * segment (draft-pantos-hls-rfc8216bis section 4.4.6.2).
 */
export function measure(timeline: MediaTimeline): Measures | null {
  const { segments } = timeline;
  const total = { bytes: 0, duration: 0, frames: 0 };
  const stretch = { bytes: 0, duration: 0 };
  let peak = 0;
  for (let row = Math.max(segments.first, segments.next - MEASURED_SEGMENTS); row < segments.next; row += 1) {
    const bytes = segments.end(row) - segments.start(row);
    const duration = segments.duration(row);
    total.bytes += bytes;
    total.duration += duration;
    total.frames += segments.videoFrames(row);
    stretch.bytes += bytes;
    stretch.duration += duration;
    if (stretch.duration < (timeline.targetDuration * MEDIA_TIMESCALE) / 2) continue;
    peak = Math.max(peak, bitRate(stretch));
    stretch.bytes = stretch.duration = 0;
  }
  const parts: readonly TimelinePart[] = total.duration === 0 ? timeline.openParts : [];
  for (const part of parts) {
    total.bytes += part.end - part.start;
    total.duration += part.duration;
  }
  if (total.duration === 0) return null;
  const average = bitRate(total);
  return {
    peakBitRate: Math.ceil(Math.max(peak, average)),
    averageBitRate: Math.ceil(average),
    frameRate: total.frames === 0 ? null : (total.frames * MEDIA_TIMESCALE) / total.duration,
  };
}

function bitRate(media: { bytes: number; duration: number }): number {
  return (media.bytes * 8 * MEDIA_TIMESCALE) / media.duration;
}

/** The multivariant playlist of a live or replay: its one variant, as measured. Null while nothing is known of it. */
export function renderMultivariantPlaylist(timeline: MediaTimeline, mediaUri: string): string | null {
  const run = timeline.segments.length > 0 ? timeline.runOf(timeline.segments.next - 1) : timeline.run;
  const measures = measure(timeline);
  if (run === null || measures === null) return null;
  const codecs = [run.video?.codecString, run.audio?.codecString].filter((codec) => codec !== undefined).join(',');
  const attributes = [`BANDWIDTH=${measures.peakBitRate}`, `AVERAGE-BANDWIDTH=${measures.averageBitRate}`, `CODECS="${codecs}"`];
  if (run.video !== null) {
    const { width, height, pixelAspect } = run.video;
    attributes.push(`RESOLUTION=${Math.round((width * pixelAspect.h) / pixelAspect.v)}x${height}`);
    const frameRate = usualFrameRate(measures.frameRate, run.video.frameRate);
    if (frameRate !== null) attributes.push(`FRAME-RATE=${frameRate.toFixed(3)}`);
  }
  return `#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-STREAM-INF:${attributes.join(',')}\n${mediaUri}\n`;
}

/** The measured rate, less what rounded timestamps did to it: what the encoder told, else a usual rate, when that is near. */
function usualFrameRate(measured: number | null, told: number | null): number | null {
  if (measured === null) return told;
  const off = (rate: number): number => Math.abs(rate - measured);
  if (told !== null && off(told) < NEAR * measured) return told;
  const nearest = USUAL_FRAME_RATES.reduce((best, rate) => (off(rate) < off(best) ? rate : best));
  return off(nearest) < NEAR * measured ? nearest : measured;
}
