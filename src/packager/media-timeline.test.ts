import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../test/support/fuzz.ts';
import { parsePlaylist } from '../../test/support/playlist.ts';
import { AUDIO, VIDEO } from '../../test/support/part-tape.ts';
import { renderLivePlaylist } from './media-playlist.ts';
import { MediaTimeline } from './media-timeline.ts';

/** What every playlist must say of a segment, whenever it is listed. */
interface Truth {
  readonly uri: string;
  readonly map: string;
  readonly discontinuities: number;
  readonly date: number;
}

for (let seed = 1; seed <= 20; seed += 1) {
  test(`seed ${seed}: a segment is told of alike in every playlist, whole and delta, for as long as it is listed`, () => {
    const random = seededRandom(seed);
    const timeline = new MediaTimeline({ mediaSequence: random(1000), discontinuitySequence: random(10), targetDuration: 2 });
    const truth = new Map<number, Truth>();
    let discontinuities = timeline.discontinuitySequence;
    let volume = 0;
    let map = '';
    let at = 0;
    let date = 1_700_000_000_000;
    let firstOfRun = false;
    let discontinuity = false;
    const startRun = (): void => {
      volume += 1;
      // A run that nothing came of hands its discontinuity on: its packager tells it again.
      discontinuity = (firstOfRun && discontinuity) || random(2) === 0;
      firstOfRun = true;
      if (map === '' || random(2) === 0) map = `/v/${volume}/init.mp4`;
      at = 1000;
      timeline.startRun({ baseUri: `/v/${volume}`, initUri: map, discontinuity, video: VIDEO, audio: AUDIO }, at);
    };
    startRun();
    for (let step = 0; step < 150; step += 1) {
      const parts = 1 + random(12);
      const start = at;
      const began = date;
      for (let part = 0; part < parts; part += 1) {
        const duration = 1000 + random(30_000);
        timeline.addPart({ start: at, end: at + 500, duration, independent: part === 0 }, date, 5, 200);
        at += 500;
        date += Math.round(duration / 90);
        if (part === 0 && firstOfRun && discontinuity) discontinuities += 1;
        firstOfRun = false;
        if (random(4) === 0) check(timeline, truth);
      }
      truth.set(timeline.segments.next, { uri: `/v/${volume}/${start}-${at}.m4s`, map, discontinuities, date: began });
      assert.ok(timeline.endSegment());
      assert.equal(timeline.endSegment(), false);
      if (random(6) === 0) startRun();
      if (random(3) === 0) timeline.trim(random(60) * 90_000);
      if (random(40) === 0) timeline.trimTo(timeline.segments.first + random(timeline.segments.length + 1));
      check(timeline, truth);
    }
    assert.equal(timeline.segments.next, (truth.keys().next().value ?? 0) + 150);
  });
}

function check(timeline: MediaTimeline, truth: ReadonlyMap<number, Truth>): void {
  const whole = parsePlaylist(renderLivePlaylist(timeline, false));
  let { discontinuitySequence } = whole;
  for (const segment of whole.segments) {
    if (segment.discontinuity) discontinuitySequence += 1;
    const { uri, map, date } = segment;
    assert.deepEqual({ uri, map, date, discontinuities: discontinuitySequence }, truth.get(segment.sequence));
    for (const part of segment.parts) assert.ok(part.duration * 1000 <= whole.partTarget * 1000 + 0.01);
    assert.ok(Math.round(segment.duration) <= whole.targetDuration);
  }
  for (const part of whole.open?.parts ?? []) assert.ok(part.duration <= whole.partTarget);
  const delta = parsePlaylist(renderLivePlaylist(timeline, true));
  assert.equal(delta.segments.length + delta.skipped, whole.segments.length);
  delta.segments.forEach((segment, i) => {
    const same = whole.segments[delta.skipped + i];
    assert.deepEqual({ ...segment, map: segment.map ?? same.map }, same);
  });
  assert.deepEqual(delta.open && { ...delta.open, map: null }, whole.open && { ...whole.open, map: null });
  assert.equal(delta.hint, whole.hint);
  if (delta.skipped > 0) {
    const kept = delta.segments.slice(1).reduce((sum, { duration }) => sum + duration, 0);
    const skipUntil = Number(delta.control['CAN-SKIP-UNTIL']);
    assert.ok(kept < skipUntil, 'more was sent than the skip boundary asks for');
    const open = (delta.open?.parts ?? []).reduce((sum, { duration }) => sum + duration, 0);
    assert.ok(kept + open + delta.segments[0].duration >= skipUntil - 0.01, 'a segment within the skip boundary was left out');
  }
}

test('a long part raises the part target only while it is listed', () => {
  const timeline = new MediaTimeline({ mediaSequence: 0, discontinuitySequence: 0, targetDuration: 2 });
  timeline.startRun({ baseUri: '/v', initUri: '/v/init', discontinuity: false, video: VIDEO, audio: null }, 0);
  const add = (ms: number, targetMs: number): void =>
    timeline.addPart(
      { start: timeline.nextPartStart, end: timeline.nextPartStart + 1, duration: ms * 90, independent: true },
      0,
      1,
      targetMs,
    );
  add(800, 0);
  assert.equal(timeline.partTargetMs, 800);
  for (let i = 0; i < 40; i += 1) {
    add(200, 210);
    if (i % 5 === 4) timeline.endSegment();
    if (i < 28) assert.equal(timeline.partTargetMs, 800);
  }
  assert.equal(timeline.partTargetMs, 210);
});

test('holds what a blocking reload asks for', () => {
  const timeline = new MediaTimeline({ mediaSequence: 7, discontinuitySequence: 0, targetDuration: 2 });
  timeline.startRun({ baseUri: '/v', initUri: '/v/init', discontinuity: false, video: VIDEO, audio: null }, 0);
  assert.deepEqual([timeline.holds(6, null), timeline.holds(7, 0), timeline.holds(7, null)], [true, false, false]);
  timeline.addPart({ start: 0, end: 9, duration: 18_000, independent: true }, 0, 1, 200);
  assert.deepEqual([timeline.holds(7, 0), timeline.holds(7, 1), timeline.holds(7, null)], [true, false, false]);
  timeline.endSegment();
  // A part index past the last of a segment is the first of the next (section 6.2.5.2).
  assert.deepEqual([timeline.holds(7, 1), timeline.holds(7, null), timeline.holds(8, 0)], [false, true, false]);
});
