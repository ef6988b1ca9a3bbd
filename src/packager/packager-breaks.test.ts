import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertContinuous, assertExact, durations, rigFor, sum } from '../../test/support/packaged.ts';
import { AUDIO, steadyStream, VIDEO } from '../../test/support/part-tape.ts';
import type { FedFrame } from '../../test/support/part-tape.ts';
import { AUDIO_TRACK_ID, VIDEO_TRACK_ID } from '../mp4/init-segment.ts';

test('a clock set back or forward, on one track after the other: one discontinuity, tracks in step', () => {
  for (const jumpMs of [-1_000, -3_600_000, -40_000_000, 10_000, 7_200_000]) {
    const rig = rigFor({});
    const startMs = 50_000_000;
    const frames = steadyStream({ seconds: 10, fps: 25, sampleRate: 48_000, startMs });
    const moved = frames.map((frame): FedFrame => {
      // Audio jumps six frames later than video.
      const from = startMs + (frame.track === 'video' ? 4000 : 4120);
      return frame.ms >= from ? { ...frame, ms: frame.ms + jumpMs } : frame;
    });
    const began = rig.nowMs;
    moved.forEach((frame, i) => {
      rig.nowMs = began + frames[i].ms - startMs;
      rig.feed(frame);
    });
    rig.close();
    assertExact(rig);
    assert.deepEqual(
      rig.tape.runs.map((run) => run.discontinuity),
      [false, true],
      `jump of ${jumpMs} ms`,
    );
    const [before, after] = rig.tape.runs;
    assertContinuous(before);
    const video = rig.tape.samples(VIDEO_TRACK_ID, [after]);
    const audio = rig.tape.samples(AUDIO_TRACK_ID, [after]);
    // Where the clocks were the same, tracks are in step to 60 ms.
    const apart = video[video.length - 1].dts / 90 - audio[audio.length - 1].dts / 48;
    assert.ok(Math.abs(apart) < 60, `${apart} ms apart after a jump of ${jumpMs} ms`);
    const total = sum(durations([...before.segments, ...after.segments]).flat());
    assert.ok(Math.abs(total - 10_000) < 200, `${total} ms`);
  }
});

test('another configuration: what is there goes out, the rest behind a discontinuity and its own init segment', () => {
  const rig = rigFor({});
  rig.feedAll(steadyStream({ seconds: 2.5, fps: 25, gop: 50, sampleRate: 48_000 }));
  rig.packager.videoConfig(VIDEO);
  rig.packager.videoConfig({ ...VIDEO, width: 640, record: Uint8Array.of(9, 9, 9) });
  rig.feedAll(steadyStream({ seconds: 2, fps: 25, sampleRate: 48_000, startMs: 2500 }));
  // Audio's while a video frame is open: it waits for that.
  const open = rig.begin({ track: 'video', ms: 4500, size: 4000, keyframe: true });
  open?.write(10);
  rig.packager.audioConfig({ ...AUDIO, sampleRate: 44_100, record: Uint8Array.of(0x12, 0x10) });
  open?.end();
  rig.feedAll(steadyStream({ seconds: 2, fps: 25, sampleRate: 44_100, startMs: 4540 }));
  rig.close();
  assertExact(rig);
  const told = rig.tape.runs.map((run) => [run.discontinuity, run.init.video?.width, run.init.audio?.sampleRate]);
  assert.deepEqual(told, [
    [false, 1280, 48_000],
    [true, 640, 48_000],
    [true, 640, 44_100],
  ]);
  for (const run of rig.tape.runs) assertContinuous(run);
});

test('a track that comes late begins another run', () => {
  const rig = rigFor({ audio: false, announce: false });
  rig.feedAll(steadyStream({ seconds: 2, fps: 25 }));
  rig.packager.audioConfig(AUDIO);
  rig.feedAll(steadyStream({ seconds: 2, fps: 25, sampleRate: 48_000, startMs: 2000 }));
  rig.close();
  assertExact(rig);
  assert.deepEqual(
    rig.tape.runs.map((run) => run.init.audio === null),
    [true, false],
  );

  const other = rigFor({ video: false, announce: false });
  other.feedAll(steadyStream({ seconds: 2, sampleRate: 48_000 }));
  other.packager.videoConfig(VIDEO);
  // The keyframe comes 2 s later: audio alone can not go on, and its last second may.
  other.feedAll(steadyStream({ seconds: 2, sampleRate: 48_000, startMs: 2000 }));
  other.feedAll(steadyStream({ seconds: 2, fps: 25, sampleRate: 48_000, startMs: 4000 }));
  other.close();
  assert.deepEqual(
    other.tape.runs.map((run) => run.init.video === null),
    [true, false],
  );
  assert.ok(other.tape.runs[1].segments.every((parts) => parts[0].samples.segmentStart && parts[0].independent));
  assert.equal(other.tape.samples(VIDEO_TRACK_ID).length, 50);
});

test('configurations that change before the first part leave nothing of the old in it', () => {
  const rig = rigFor({});
  rig.feedAll(steadyStream({ seconds: 0.5, sampleRate: 48_000 }));
  rig.packager.audioConfig({ ...AUDIO, sampleRate: 44_100, record: Uint8Array.of(0x12, 0x10) });
  rig.feedAll(steadyStream({ seconds: 2, fps: 25, sampleRate: 44_100, startMs: 500 }));
  rig.close();
  assert.equal(rig.tape.runs.length, 1);
  const [run] = rig.tape.runs;
  assert.ok(run.segments[0][0].samples.segmentStart);
  assertContinuous(run);
  assert.ok(Math.abs(rig.tape.samples(AUDIO_TRACK_ID)[0].dts - 22_050) < 50);
});

test('another connection of the session goes on behind one discontinuity, whatever its clock', () => {
  for (const [gapMs, startMs] of [
    [0, 0],
    [300, 0],
    [10_000, 0],
    [10_000, 3000],
    [60_000, 5_000_000],
  ]) {
    const rig = rigFor({});
    rig.feedAll(steadyStream({ seconds: 3, fps: 25, sampleRate: 48_000 }));
    // In the middle of a frame.
    rig.begin({ track: 'video', ms: 3000, size: 9000, keyframe: true })?.write(4000);
    rig.packager.close();
    rig.nowMs += gapMs;
    const packager = rig.connect();
    packager.announceTracks(true, true);
    packager.videoConfig(VIDEO);
    packager.audioConfig(AUDIO);
    // Video first, its clock a little ahead of the audio's.
    rig.feedAll(
      steadyStream({ seconds: 3, fps: 25, sampleRate: 48_000, startMs }).map((f) =>
        f.track === 'video' ? { ...f, ms: f.ms + 80 } : f,
      ),
    );
    rig.close();
    assertExact(rig);
    assert.deepEqual(
      rig.tape.runs.map((run) => run.discontinuity),
      [false, true],
      `gap of ${gapMs} ms`,
    );
    const [before, after] = rig.tape.runs.map((run) => rig.tape.samples(VIDEO_TRACK_ID, [run]));
    const gap = (after[0].dts - before[before.length - 1].dts) / 90;
    assert.ok(gap >= Math.max(20, gapMs - 200) && gap < gapMs + 300, `gap of ${gap} ms`);
    assertContinuous(rig.tape.runs[1]);
    const dates = rig.tape.parts.map((part) => part.programDateTimeMs);
    dates.forEach((date, i) => assert.ok(i === 0 || date >= dates[i - 1]));
  }
});
