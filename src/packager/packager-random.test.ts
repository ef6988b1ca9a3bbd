import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../test/support/fuzz.ts';
import { AUDIO, PackagerRig, VIDEO } from '../../test/support/part-tape.ts';
import type { OpenFrame, TapedRun } from '../../test/support/part-tape.ts';
import { AUDIO_TRACK_ID, VIDEO_TRACK_ID } from '../mp4/init-segment.ts';

const SEEDS = 60;
const STEPS = 700;

for (let seed = 1; seed <= SEEDS; seed += 1) {
  test(`seed ${seed}: whatever comes, frames go out once, whole and in order, and memory comes back`, () => {
    const rig = new PackagerRig({ segmentMaxMs: 4000 });
    const expectAll = runAtRandom(rig, seededRandom(seed));
    rig.close();
    assertInOrder(rig.fed.video, rig.tape.samples(VIDEO_TRACK_ID), true);
    assertInOrder(rig.fed.audio, rig.tape.samples(AUDIO_TRACK_ID), expectAll);
    for (const run of rig.tape.runs) assertRun(run);
    rig.tape.runs.forEach((run, i) => assert.equal(run.discontinuity, i > 0));
  });
}

/** A publisher out of its mind: gives whether all audio must be in the parts (it may be let go where a keyframe is waited for). */
function runAtRandom(rig: PackagerRig, random: (below: number) => number): boolean {
  const tame = random(3) === 0;
  const clock = { video: 0, audio: 0 };
  const open: { video: OpenFrame | null; audio: OpenFrame | null } = { video: null, audio: null };
  const gop = 1 + random(60);
  const intervalMs = [17, 33, 40, 100, 500][random(5)];
  let frames = 0;
  const tracks = random(4);
  const connect = (): void => {
    open.video = open.audio = null;
    frames = 0;
    if (random(2) === 0) rig.packager.announceTracks(tracks !== 1, tracks !== 2);
    if (tracks !== 1) rig.packager.videoConfig(VIDEO);
    if (tracks !== 2) rig.packager.audioConfig(AUDIO);
  };
  connect();
  for (let step = 0; step < STEPS; step += 1) {
    const track = tracks === 1 ? 'audio' : tracks === 2 || clock.video <= clock.audio ? 'video' : 'audio';
    const held = open[track];
    if (held !== null) {
      // The rest comes in pieces, or never.
      if (random(3) > 0) held.write(1 + random(3000));
      if (tame || random(20) > 0) held.end();
      open[track] = null;
    } else {
      rig.nowMs += random(intervalMs);
      const keyframe = track === 'video' && frames % gop === 0;
      const size = random(60) === 0 ? 1 + random(400_000) : 1 + random(4000);
      const opened = rig.begin({ track, ms: clock[track], size, keyframe, compositionMs: random(5) * intervalMs });
      opened?.write(random(size));
      open[track] = opened;
      if (opened !== null && random(3) > 0) {
        opened.end();
        open[track] = null;
      }
      clock[track] += track === 'video' ? intervalMs : 21 + random(2);
      if (track === 'video') frames += 1;
    }
    if (!tame) disturb(rig, random, clock, open, connect);
  }
  open.video?.end();
  open.audio?.end();
  return tame && tracks !== 0 && tracks !== 3;
}

function disturb(
  rig: PackagerRig,
  random: (below: number) => number,
  clock: { video: number; audio: number },
  open: { video: OpenFrame | null; audio: OpenFrame | null },
  connect: () => void,
): void {
  switch (random(300)) {
    case 0:
      clock.video += random(20_000) - 5000;
      break;
    case 1:
      clock.audio += random(20_000) - 5000;
      break;
    case 2:
      clock.video = clock.audio = random(100_000_000);
      break;
    case 3:
      rig.packager.close();
      rig.nowMs += random(20_000);
      rig.connect();
      connect();
      break;
    case 4:
      if (open.video === null) rig.packager.videoConfig({ ...VIDEO, record: Uint8Array.of(random(3)) });
      break;
    case 5:
      if (open.audio === null) rig.packager.audioConfig({ ...AUDIO, record: Uint8Array.of(random(3)) });
      break;
    case 6:
      clock.video -= random(600);
      break;
  }
}

function assertInOrder(fed: readonly Buffer[], out: readonly { data: Buffer }[], all: boolean): void {
  let at = 0;
  for (const { data } of out) {
    while (at < fed.length && !fed[at].equals(data)) at += 1;
    assert.ok(at < fed.length, 'a frame that was not fed, twice, or out of order');
    at += 1;
  }
  if (all) assert.equal(out.length, fed.length);
}

function assertRun(run: TapedRun): void {
  assert.equal(run.open.length, 0);
  for (const parts of run.segments) parts.forEach((part, i) => assert.equal(part.samples.segmentStart, i === 0));
  const parts = run.segments.flat();
  assert.ok(parts.every((part) => part.duration >= 1));
  for (const id of [VIDEO_TRACK_ID, AUDIO_TRACK_ID]) {
    const samples = parts.flatMap((part) => part.samples.tracks.get(id) ?? []);
    samples.forEach((sample, i) => {
      assert.ok(sample.duration >= 1);
      const end = i === 0 ? 0 : samples[i - 1].dts + samples[i - 1].duration;
      assert.ok(sample.dts >= end, `track ${id}: ${sample.dts} before ${end}`);
    });
  }
}
