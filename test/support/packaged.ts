import assert from 'node:assert/strict';
import { AUDIO_TRACK_ID, VIDEO_TRACK_ID } from '../../src/mp4/init-segment.ts';
import { AUDIO, PackagerRig, VIDEO } from './part-tape.ts';
import type { TapedPart, TapedRun } from './part-tape.ts';

/** A rig whose packager knows its tracks. */
export function rigFor(tracks: { video?: boolean; audio?: boolean; announce?: boolean }, options = {}): PackagerRig {
  const { video = true, audio = true, announce = true } = tracks;
  const rig = new PackagerRig(options);
  if (announce) rig.packager.announceTracks(video, audio);
  if (video) rig.packager.videoConfig(VIDEO);
  if (audio) rig.packager.audioConfig(AUDIO);
  return rig;
}

/** Every frame that was fed is in the parts once, in order, byte for byte. */
export function assertExact(rig: PackagerRig): void {
  for (const [track, id] of [
    ['video', VIDEO_TRACK_ID],
    ['audio', AUDIO_TRACK_ID],
  ] as const) {
    const out = rig.tape.samples(id).map((sample) => sample.data);
    assert.equal(out.length, rig.fed[track].length, `${track} frames`);
    out.forEach((data, i) => assert.ok(data.equals(rig.fed[track][i]), `${track} frame ${i}`));
  }
}

/** Within a run each sample begins where the one before ended, and each part's duration is that of its video. */
export function assertContinuous(run: TapedRun): void {
  for (const id of [VIDEO_TRACK_ID, AUDIO_TRACK_ID]) {
    let end = -1;
    for (const part of [...run.segments.flat(), ...run.open]) {
      for (const sample of part.samples.tracks.get(id) ?? []) {
        if (end >= 0) assert.equal(sample.dts, end, `track ${id}`);
        end = sample.dts + sample.duration;
      }
      const video = part.samples.tracks.get(VIDEO_TRACK_ID);
      if (video)
        assert.equal(
          part.duration,
          video.reduce((sum, sample) => sum + sample.duration, 0),
        );
    }
  }
}

/** Durations of the parts of each segment, in ms. */
export function durations(segments: readonly (readonly TapedPart[])[]): number[][] {
  return segments.map((parts) => parts.map((part) => Math.round(part.duration / 90)));
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
