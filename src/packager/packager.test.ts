import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertContinuous, assertExact, durations, rigFor, sum } from '../../test/support/packaged.ts';
import { AUDIO, steadyStream, VIDEO } from '../../test/support/part-tape.ts';
import { AUDIO_TRACK_ID, VIDEO_TRACK_ID } from '../mp4/init-segment.ts';

const TICKS_PER_MS = 90;

for (const fps of [1, 2, 5, 7, 10, 12, 15, 23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60, 120]) {
  test(`${fps} frames a second: parts keep to their target, segments to the GOP, and no frame is lost`, () => {
    const rig = rigFor({});
    const frames = steadyStream({ seconds: 9, fps, gop: Math.max(1, Math.round(2 * fps)), sampleRate: 48_000 });
    rig.feedAll(frames);
    rig.close();
    assertExact(rig);
    assert.equal(rig.tape.runs.length, 1);
    const [run] = rig.tape.runs;
    assertContinuous(run);
    assert.equal(run.open.length, 0);
    for (const parts of run.segments.slice(0, -1)) {
      assert.ok(Math.abs(sum(parts.map((part) => part.duration)) - 180_000) < 4000, 'segments follow the GOP');
      parts.forEach((part, i) => {
        const ms = part.duration / TICKS_PER_MS;
        assert.equal(part.independent, i === 0);
        assert.equal(part.segmentStart, i === 0);
        assert.equal(part.samples.segmentStart, i === 0);
        assert.ok(ms <= part.targetMs, `part of ${ms} ms, target ${part.targetMs}`);
        if (i < parts.length - 1) assert.ok(ms >= 0.85 * part.targetMs, `part of ${ms} ms, target ${part.targetMs}`);
      });
    }
    rig.tape.parts.forEach((part, i) => assert.equal(part.samples.sequenceNumber, i + 1));
  });
}

for (const fps of [10, 25, 29.97, 60, 0]) {
  test(`${fps === 0 ? 'audio alone' : `${fps} frames a second`}: it is known when the frame comes that closes the part`, () => {
    const rig = rigFor({ video: fps > 0, audio: fps === 0 });
    assert.equal(rig.packager.quietMs, 0, 'nothing is known before the first frames');
    // A GOP that is no whole number of parts: the keyframe comes before the part is full.
    const frames =
      fps > 0 ? steadyStream({ seconds: 9, fps, gop: Math.round(1.3 * fps) }) : steadyStream({ seconds: 9, sampleRate: 48_000 });
    const interval = fps > 0 ? 1000 / fps : 1024 / 48;
    let told: number[] = [];
    let judged = 0;
    for (const frame of frames) {
      const before = rig.tape.parts.length;
      rig.feedAll([frame]);
      if (rig.tape.parts.length > before) {
        for (const ms of frame.ms > 1000 ? told : []) {
          assert.ok(ms > frame.ms - interval, `told ${ms}, came at ${frame.ms}`);
          if (frame.keyframe !== true) assert.ok(ms < frame.ms + interval, `told ${ms}, came at ${frame.ms}`);
          judged += 1;
        }
        told = [];
      }
      told.push(frame.ms + rig.packager.quietMs);
    }
    assert.ok(judged > 0.8 * frames.length, `${judged} of ${frames.length}`);
    rig.close();
    assert.equal(rig.packager.quietMs, 0);
  });
}

test('video alone: goes out at once when announced so, else after half a second', () => {
  for (const [announce, first] of [
    [true, 200],
    [false, 520],
  ] as const) {
    const rig = rigFor({ audio: false, announce });
    rig.feedAll(steadyStream({ seconds: 4, fps: 25 }));
    rig.close();
    assertExact(rig);
    assertContinuous(rig.tape.runs[0]);
    assert.equal(rig.tape.runs[0].init.audio, null);
    assert.equal(durations(rig.tape.runs[0].segments)[0][0], first);
  }
});

test('audio alone: segments of 2 s, every part independent, durations those of the samples', () => {
  for (const announce of [true, false]) {
    const rig = rigFor({ video: false, announce });
    // Timestamps that are 40 ms late on the whole, as after a first frame that came early.
    rig.feedAll(
      steadyStream({ seconds: 8, sampleRate: 48_000 }).map((frame, i) => (i === 0 ? frame : { ...frame, ms: frame.ms + 40 })),
    );
    rig.close();
    assertExact(rig);
    const [run] = rig.tape.runs;
    assertContinuous(run);
    assert.equal(run.init.video, null);
    assert.ok(rig.tape.parts.every((part) => part.independent));
    const whole = rig.tape.parts;
    assert.ok(Math.abs(sum(whole.map((part) => part.duration)) - (rig.fed.audio.length * 1024 * 90_000) / 48_000) < whole.length);
    for (const part of whole.slice(1, -1)) assert.ok(part.duration / TICKS_PER_MS >= 0.85 * part.targetMs);
    for (const parts of run.segments.slice(0, -1)) assert.ok(sum(parts.map((part) => part.duration)) >= 180_000);
  }
});

test('audio ahead of the first video frame is in the first part, which is as long as its video', () => {
  const rig = rigFor({});
  const audio = steadyStream({ seconds: 3, sampleRate: 48_000 });
  const video = steadyStream({ seconds: 2, fps: 25, startMs: 800 });
  rig.feedAll([...audio, ...video].sort((a, b) => a.ms - b.ms));
  rig.close();
  assertExact(rig);
  const [run] = rig.tape.runs;
  assertContinuous(run);
  assert.equal(durations(run.segments)[0][0], 200);
  assert.ok(run.segments[0][0].independent);
});

test('video that begins in the middle of a GOP waits for its keyframe; audio older than a second is let go', () => {
  const rig = rigFor({});
  const video = steadyStream({ seconds: 6, fps: 25, gop: 100 }).slice(20);
  rig.feedAll([...video, ...steadyStream({ seconds: 6, sampleRate: 48_000 })].sort((a, b) => a.ms - b.ms));
  rig.close();
  const [run] = rig.tape.runs;
  assert.equal(run.init.video?.width, 1280);
  const samples = rig.tape.samples(VIDEO_TRACK_ID);
  assert.ok(samples[0].sync);
  assert.equal(samples.length, 50);
  assertContinuous(run);
  assert.equal(durations(run.segments)[0][0], 200);
  assert.ok(run.segments[0][0].samples.segmentStart);
});

test('a keyframe that is not whole does not count: the next one begins the stream', () => {
  const rig = rigFor({ audio: false });
  rig.begin({ track: 'video', ms: 0, size: 5000, keyframe: true })?.write(100);
  assert.equal(rig.feed({ track: 'video', ms: 40, size: 500 }), false);
  rig.feedAll(steadyStream({ seconds: 2, fps: 25, startMs: 80 }));
  rig.close();
  assertExact(rig);
  assert.ok(rig.tape.parts[0].independent && rig.tape.parts[0].samples.segmentStart);
});

test('segments: short GOPs are gathered, long ones cut, the next keyframe begins a segment again', () => {
  const cases: [seconds: number, fps: number, gop: number, segments: string][] = [
    [5, 25, 10, '1200 1200 1200 1200 200'],
    [5, 25, 25, '1000 1000 1000 1000 1000'],
    [30, 25, 250, '10000 10000 10000'],
    // x264's default GOP of 250 frames at 24 a second is a little longer than the longest segment, at 24.9 all but as long
    [21, 24, 250, '10083 334 10083 333 167'],
    [21, 24.9, 250, '10040 10040 924'],
    [25, 25, 100_000, '10080 10080 4840'],
  ];
  for (const [seconds, fps, gop, expected] of cases) {
    const rig = rigFor({ audio: false });
    rig.feedAll(steadyStream({ seconds, fps, gop }));
    rig.close();
    assertExact(rig);
    assertContinuous(rig.tape.runs[0]);
    const lengths = durations(rig.tape.runs[0].segments).map(sum);
    assert.equal(lengths.join(' '), expected, `GOP of ${gop} at ${fps}`);
  }
});

test('B-frames keep their composition offsets, huge frames their bytes', () => {
  const rig = rigFor({});
  const frames = steadyStream({
    seconds: 4,
    fps: 25,
    sampleRate: 48_000,
    compositionMs: (i) => [80, 200, 80, 0, 40][i % 5],
    videoBytes: (i) => (i % 25 === 0 ? 700_000 : i === 60 ? 3_000_000 : 2000),
  });
  rig.feedAll(frames);
  rig.close();
  assertExact(rig);
  assertContinuous(rig.tape.runs[0]);
  rig.tape
    .samples(VIDEO_TRACK_ID)
    .forEach((sample, i) => assert.equal(sample.compositionOffset, [80, 200, 80, 0, 40][i % 5] * TICKS_PER_MS));
});

test('frames of both tracks open at once: a part never closes over one of them', () => {
  const rig = rigFor({});
  const video = steadyStream({ seconds: 5, fps: 25 });
  const audio = steadyStream({ seconds: 5, sampleRate: 48_000 });
  let next = 0;
  for (const frame of video) {
    const open = rig.begin(frame);
    open?.write(100);
    // Audio far ahead of the video that is being sent, in halves around it.
    for (; next < audio.length && audio[next].ms < frame.ms + 900; next += 1) {
      const inner = rig.begin(audio[next]);
      inner?.write(50);
      open?.write(70);
      inner?.end();
    }
    const across = next < audio.length ? rig.begin(audio[next]) : null;
    across?.write(10);
    open?.end();
    across?.end();
    next += 1;
  }
  rig.close();
  assertExact(rig);
  assertContinuous(rig.tape.runs[0]);
  assert.equal(rig.tape.runs.length, 1);
});

test('audio that stays 1.5 s ahead of video does not break the video into pieces', () => {
  const rig = rigFor({});
  const ahead = steadyStream({ seconds: 8, sampleRate: 48_000 }).map((frame) => ({ frame, at: frame.ms - 1500 }));
  const video = steadyStream({ seconds: 8, fps: 25 }).map((frame) => ({ frame, at: frame.ms }));
  // The first frame of both comes at once.
  const order = [...video, ...ahead].sort((a, b) => Math.max(a.at, 0) - Math.max(b.at, 0));
  for (const { frame } of order) rig.feed(frame);
  rig.close();
  assertExact(rig);
  const lengths = durations(rig.tape.runs[0].segments);
  assert.equal(sum(lengths.flat()), 8000);
  // What came ahead at the start looks like video that stands still.
  assert.ok(
    lengths
      .flat()
      .slice(2)
      .every((ms) => ms <= 210),
    String(lengths),
  );
});

test('video that stands still: audio goes on in parts of a second, and all durations add up', () => {
  const rig = rigFor({});
  const video = steadyStream({ seconds: 10, fps: 25 }).filter((frame) => frame.ms < 2000 || frame.ms >= 7000);
  rig.feedAll([...video, ...steadyStream({ seconds: 10, sampleRate: 48_000 })].sort((a, b) => a.ms - b.ms));
  rig.close();
  assertExact(rig);
  assert.equal(rig.tape.runs.length, 1, 'no discontinuity: the other track tells that time goes on');
  assert.equal(sum(rig.tape.parts.map((part) => part.duration)), 900_000);
  const still = rig.tape.parts.filter((part) => part.videoFrames === 0);
  assert.ok(still.length >= 3 && still.every((part) => !part.independent && part.duration < 1.1 * 90_000));
});

test('audio that stands still leaves a hole in its track and nothing else', () => {
  const rig = rigFor({});
  const audio = steadyStream({ seconds: 10, sampleRate: 48_000 }).filter((frame) => frame.ms < 2000 || frame.ms >= 7000);
  rig.feedAll([...audio, ...steadyStream({ seconds: 10, fps: 25 })].sort((a, b) => a.ms - b.ms));
  rig.close();
  assertExact(rig);
  assert.equal(rig.tape.runs.length, 1);
  const samples = rig.tape.samples(AUDIO_TRACK_ID);
  const hole = samples.findIndex((sample, i) => i > 0 && sample.dts > samples[i - 1].dts + samples[i - 1].duration);
  assert.ok(Math.abs(samples[hole].dts / 48 - 7000) < 30);
});

test('a clock that stands still: parts and memory stay bounded', () => {
  const rig = rigFor({});
  for (let i = 0; i < 2500; i += 1) {
    rig.feed({ track: 'video', ms: 0, size: 300, keyframe: i === 0 });
    rig.feed({ track: 'audio', ms: 0, size: 20 });
  }
  for (let i = 0; i < 8; i += 1) rig.feed({ track: 'video', ms: 0, size: 2_000_000 });
  rig.close();
  assert.ok(rig.tape.parts.every((part) => part.videoFrames <= 1000 && part.bytes.length < 9_000_000));
  assert.equal(rig.tape.samples(VIDEO_TRACK_ID).length, 2508);
});

test('small jitter and repeated timestamps change no order and open no gap', () => {
  const rig = rigFor({});
  const frames = steadyStream({ seconds: 6, fps: 30, sampleRate: 48_000 });
  const jittered = frames.map((frame, i) => ({ ...frame, ms: Math.max(0, frame.ms + ((i * 7919) % 51) - 25) }));
  jittered.forEach((frame) => rig.feed(frame));
  rig.close();
  assertExact(rig);
  assertContinuous(rig.tape.runs[0]);
  assert.equal(rig.tape.runs.length, 1);
});

test('after close every call is harmless', () => {
  const rig = rigFor({});
  rig.feedAll(steadyStream({ seconds: 1, fps: 25, sampleRate: 48_000 }));
  const open = rig.begin({ track: 'audio', ms: 1000, size: 200 });
  rig.close();
  const parts = rig.tape.parts.length;
  open?.write(200);
  rig.packager.endAudio();
  rig.packager.endVideo();
  rig.packager.videoConfig(VIDEO);
  rig.packager.audioConfig(AUDIO);
  assert.equal(rig.packager.beginVideo(90_000, 0, true, 10), false);
  assert.equal(rig.packager.beginAudio(90_000, 10), false);
  rig.packager.close();
  assert.equal(rig.tape.parts.length, parts);
});

test('the wall clock of parts grows by their durations, and follows a publisher whose clock runs away', () => {
  const rig = rigFor({ audio: false });
  rig.feedAll(steadyStream({ seconds: 4, fps: 25 }));
  const parts = rig.tape.parts;
  parts.forEach((part, i) => {
    if (i > 0)
      assert.equal(part.programDateTimeMs, parts[i - 1].programDateTimeMs + Math.round(parts[i - 1].duration / TICKS_PER_MS));
  });
  rig.nowMs += 5000;
  rig.feedAll(steadyStream({ seconds: 3, fps: 25, startMs: 4000 }));
  rig.close();
  const last = rig.tape.parts.at(-1);
  assert.ok(last && Math.abs(last.programDateTimeMs + last.duration / TICKS_PER_MS - rig.nowMs) < 200);
});
