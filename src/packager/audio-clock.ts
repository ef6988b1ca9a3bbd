import { MEDIA_TIMESCALE } from '../media/track.ts';
import type { AudioConfig } from '../media/track.ts';
import type { SampleColumns } from '../mp4/sample-columns.ts';

/** How far the audio's sample clock may be from its timestamps before it is set right: 60 ms. */
const DRIFT_SECONDS = 0.06;

/** Places audio frames on the timeline by counting samples, since RTMP's timestamps are rounded to milliseconds. */
export class AudioClock {
  /** Where the next frame is expected, in samples of the timeline, or -1. */
  next = -1;

  /** The next frame is placed by its timestamp alone. */
  reset(): void {
    this.next = -1;
  }

  /**
   * Place of a frame stamped `time` ticks, in samples. Where the timestamps have left the count it is set right, by the duration of the last of the
   * frames `waiting` for their part; never back behind a part that is out.
   */
  place(time: number, audio: AudioConfig, waiting: SampleColumns): number {
    const stamped = Math.round((time * audio.sampleRate) / MEDIA_TIMESCALE);
    if (this.next < 0) return stamped;
    const drift = stamped - this.next;
    if (Math.abs(drift) <= DRIFT_SECONDS * audio.sampleRate) return this.next;
    if (waiting.count === 0) return Math.max(stamped, this.next);
    const last = waiting.count - 1;
    const before = waiting.durations[last];
    waiting.durations[last] = Math.max(before + drift, 1);
    return this.next + waiting.durations[last] - before;
  }
}
