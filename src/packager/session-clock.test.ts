import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SessionClock } from './session-clock.ts';

const NOW = 1_700_000_000_000;
const ms = (value: number): number => value * 90;

test('begins at 0 and follows both tracks', () => {
  const clock = new SessionClock();
  assert.equal(
    clock.map('video', ms(5000), () => NOW),
    0,
  );
  assert.equal(
    clock.map('audio', ms(5010), () => NOW),
    ms(10),
  );
  assert.equal(
    clock.map('video', ms(5040), () => NOW),
    ms(40),
  );
  assert.equal(clock.wallClock(ms(40)), NOW + 40);
});

test('never gives the same time twice, nor an earlier one', () => {
  const clock = new SessionClock();
  const times = [1000, 1040, 1040, 1020, 1080].map((value) => clock.map('video', ms(value), () => NOW));
  assert.deepEqual(times, [0, ms(40), ms(40) + 1, ms(40) + 2, ms(80)]);
});

test('the first frame of a track may come well behind the other track', () => {
  const clock = new SessionClock();
  for (let at = 0; at <= 2000; at += 40) clock.map('video', ms(1000 + at), () => NOW);
  assert.equal(
    clock.map('audio', ms(1010), () => NOW),
    ms(10),
  );
  assert.equal(clock.jumped, false);
});

test('one track may stand still for long while the other goes on', () => {
  const clock = new SessionClock();
  clock.map('video', 0, () => NOW);
  for (let at = 0; at <= 20_000; at += 20) clock.map('audio', ms(at), () => NOW + at);
  assert.equal(
    clock.map('video', ms(20_000), () => NOW + 20_000),
    ms(20_000),
  );
  assert.equal(clock.jumped, false);
});

test('a hole in both tracks is one jump: the time that passed, though the publisher tells another', () => {
  const clock = new SessionClock();
  clock.map('video', 0, () => NOW);
  clock.map('audio', ms(20), () => NOW);
  assert.equal(
    clock.map('video', ms(10_000), () => NOW + 9000),
    ms(9000),
  );
  assert.ok(clock.jumped);
  // By the old mapping this would be plausible too, and a second away from its video.
  assert.equal(
    clock.map('audio', ms(10_020), () => NOW + 9020),
    ms(9020),
  );
  assert.equal(clock.jumped, false);
});

test('a clock set back by a second: each track keeps the old mapping until it has jumped itself', () => {
  const clock = new SessionClock();
  for (let at = 0; at <= 5000; at += 20) {
    clock.map('video', ms(at), () => NOW + at);
    clock.map('audio', ms(at + 10), () => NOW + at);
  }
  const video = clock.map('video', ms(4020), () => NOW + 5020);
  assert.ok(clock.jumped);
  assert.ok(video >= ms(5020) && video < ms(5050));
  assert.equal(
    clock.map('audio', ms(5030), () => NOW + 5020),
    ms(5030),
  );
  assert.equal(clock.map('audio', ms(4050), () => NOW + 5040) - video, ms(30));
  assert.equal(clock.jumped, false);
});

test('another connection begins where time is, in step from its first frames on', () => {
  const clock = new SessionClock();
  clock.map('video', ms(2000), () => NOW);
  clock.map('audio', ms(2000), () => NOW);
  clock.reanchor();
  assert.equal(
    clock.map('video', ms(80), () => NOW + 10_000),
    ms(10_000),
  );
  assert.equal(
    clock.map('audio', 0, () => NOW + 10_000),
    ms(9920),
  );
  assert.equal(clock.jumped, false);
  clock.reanchor();
  // Sooner than what was recorded ended: right behind it.
  assert.equal(
    clock.map('video', 0, () => NOW),
    ms(10_020),
  );
});

test('a session taken up by another process goes on with its timeline and its wall clock', () => {
  const clock = new SessionClock({ endTicks: ms(60_000), wallAtZeroMs: NOW });
  assert.equal(
    clock.map('audio', ms(700), () => NOW + 90_000),
    ms(90_000),
  );
  assert.equal(clock.wallClock(ms(90_000)), NOW + 90_000);
});

test('the wall clock follows a publisher whose clock runs away, by steps', () => {
  const clock = new SessionClock();
  clock.map('video', 0, () => NOW);
  clock.correctWallClock(ms(1000), NOW + 1900);
  assert.equal(clock.wallClock(ms(1000)), NOW + 1000);
  clock.correctWallClock(ms(2000), NOW + 3100);
  assert.equal(clock.wallClock(ms(2000)), NOW + 3100);
});

test('what follows on a gap keeps to the frames of before: whole frames behind the last picture, or behind the first frame', () => {
  for (const first of ['video', 'audio'] as const) {
    const clock = new SessionClock();
    clock.setFrameRate(30);
    clock.map(first, 0, () => NOW);
    for (let frame = 1; frame < 10; frame += 1) clock.map('video', frame * 3000, () => NOW);
    clock.reanchor();
    const time = clock.map(first, ms(123_456), () => NOW + 1017);
    assert.equal(time % 3000, 0, first);
    assert.ok(time >= ms(1017) && time < ms(1017) + 3000, first);
  }
});
