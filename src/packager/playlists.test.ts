import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUDIO, VIDEO } from '../../test/support/part-tape.ts';
import { renderLivePlaylist, renderReplayPlaylist } from './media-playlist.ts';
import { MediaTimeline } from './media-timeline.ts';
import type { Run } from './media-timeline.ts';
import { measure, renderMultivariantPlaylist } from './multivariant-playlist.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const FIRST: Run = {
  baseUri: '/m/s1/000001',
  initUri: '/m/s1/000001/0-900.mp4',
  discontinuity: false,
  video: VIDEO,
  audio: AUDIO,
};
const AGAIN: Run = { ...FIRST, baseUri: '/m/s1/000002', discontinuity: true };
const OTHER: Run = { ...FIRST, baseUri: '/m/s2/000001', initUri: '/m/s2/000001/0-800.mp4', discontinuity: true };

/** Segments of one second in two parts; `at` counts seconds of the wall clock. */
function addSegments(timeline: MediaTimeline, run: Run, count: number, at: number): void {
  timeline.startRun(run, 900);
  for (let i = 0; i < count; i += 1) {
    addPart(timeline, at + i, true);
    addPart(timeline, at + i, false);
    timeline.endSegment();
  }
}

function addPart(timeline: MediaTimeline, at: number, independent: boolean): void {
  const start = timeline.nextPartStart;
  const size = independent ? 70_000 : 30_000;
  timeline.addPart({ start, end: start + size, duration: 45_000, independent }, NOW + at * 1000, 12, 500);
}

function liveTimeline(): MediaTimeline {
  return new MediaTimeline({ mediaSequence: 40, discontinuitySequence: 3, targetDuration: 1 });
}

test('a live on air: parts of the newest segments, the open one, the next part hinted at', () => {
  const timeline = liveTimeline();
  addSegments(timeline, FIRST, 5, 0);
  addPart(timeline, 5, true);
  assert.equal(
    renderLivePlaylist(timeline, false),
    `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:1
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=6.0,PART-HOLD-BACK=2.000
#EXT-X-PART-INF:PART-TARGET=0.500
#EXT-X-MEDIA-SEQUENCE:40
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-MAP:URI="/m/s1/000001/0-900.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.000Z
#EXTINF:1.00000,
/m/s1/000001/900-100900.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:06.000Z
#EXTINF:1.00000,
/m/s1/000001/100900-200900.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:07.000Z
#EXT-X-PART:DURATION=0.50000,URI="/m/s1/000001/200900.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.50000,URI="/m/s1/000001/270900.m4s"
#EXTINF:1.00000,
/m/s1/000001/200900-300900.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:08.000Z
#EXT-X-PART:DURATION=0.50000,URI="/m/s1/000001/300900.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.50000,URI="/m/s1/000001/370900.m4s"
#EXTINF:1.00000,
/m/s1/000001/300900-400900.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:09.000Z
#EXT-X-PART:DURATION=0.50000,URI="/m/s1/000001/400900.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.50000,URI="/m/s1/000001/470900.m4s"
#EXTINF:1.00000,
/m/s1/000001/400900-500900.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:10.000Z
#EXT-X-PART:DURATION=0.50000,URI="/m/s1/000001/500900.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="/m/s1/000001/570900.m4s"
`,
  );
});

test('a delta update, behind a discontinuity with the same init segment, which stays in force', () => {
  const timeline = liveTimeline();
  addSegments(timeline, FIRST, 6, 0);
  addSegments(timeline, AGAIN, 5, 20);
  addSegments(timeline, { ...AGAIN, baseUri: '/m/s1/000003', discontinuity: false }, 0, 0);
  const text = renderLivePlaylist(timeline, true);
  assert.equal(
    text.slice(0, text.indexOf('#EXT-X-PART:')),
    `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:1
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=6.0,PART-HOLD-BACK=2.000
#EXT-X-PART-INF:PART-TARGET=0.500
#EXT-X-MEDIA-SEQUENCE:40
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-SKIP:SKIPPED-SEGMENTS=5
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:10.000Z
#EXTINF:1.00000,
/m/s1/000001/500900-600900.m4s
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:25.000Z
#EXTINF:1.00000,
/m/s1/000002/900-100900.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:26.000Z
#EXTINF:1.00000,
/m/s1/000002/100900-200900.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:27.000Z
`,
  );
  // A new volume that nothing is in yet is not hinted at.
  assert.doesNotMatch(text, /PRELOAD-HINT/);
});

test('a short window is sent whole, also to those who would take a delta', () => {
  const timeline = liveTimeline();
  addSegments(timeline, FIRST, 3, 0);
  assert.equal(renderLivePlaylist(timeline, true), renderLivePlaylist(timeline, false));
});

test('trimmed: sequence numbers go on, a discontinuity counts when the segment behind it has gone', () => {
  const timeline = liveTimeline();
  addSegments(timeline, FIRST, 2, 0);
  addSegments(timeline, OTHER, 2, 10);
  const head = (): string => renderLivePlaylist(timeline, false).split('\n').slice(5, 10).join('\n');
  timeline.trimTo(42);
  assert.equal(
    head(),
    `#EXT-X-MEDIA-SEQUENCE:42
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="/m/s2/000001/0-800.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:15.000Z`,
  );
  timeline.trimTo(43);
  assert.equal(
    head(),
    `#EXT-X-MEDIA-SEQUENCE:43
#EXT-X-DISCONTINUITY-SEQUENCE:4
#EXT-X-MAP:URI="/m/s2/000001/0-800.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:16.000Z
#EXT-X-PART:DURATION=0.50000,URI="/m/s2/000001/100900.m4s",INDEPENDENT=YES`,
  );
  timeline.trimTo(44);
  addPart(timeline, 12, true);
  assert.equal(
    head(),
    `#EXT-X-MEDIA-SEQUENCE:44
#EXT-X-DISCONTINUITY-SEQUENCE:4
#EXT-X-MAP:URI="/m/s2/000001/0-800.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:17.000Z
#EXT-X-PART:DURATION=0.50000,URI="/m/s2/000001/200900.m4s",INDEPENDENT=YES`,
  );
});

test('the window: never less than six target durations, nor than was asked for', () => {
  const timeline = liveTimeline();
  addSegments(timeline, FIRST, 30, 0);
  timeline.trim(20 * 90_000);
  assert.equal(timeline.segments.first, 50);
  timeline.trim(0);
  assert.equal(timeline.segments.first, 64);
});

test('a live over for good has an end; one that waits has none, and hints at nothing', () => {
  const timeline = liveTimeline();
  addSegments(timeline, FIRST, 1, 0);
  timeline.runOpen = false;
  assert.match(renderLivePlaylist(timeline, false), /900-100900\.m4s\n# to be continued\n$/);
  timeline.ended = true;
  assert.match(renderLivePlaylist(timeline, false), /900-100900\.m4s\n#EXT-X-ENDLIST\n$/);
});

test('a replay: all of it, no discontinuity in front, dates now and then', () => {
  const timeline = new MediaTimeline({ mediaSequence: 0, discontinuitySequence: 0, targetDuration: 1 });
  addSegments(timeline, { ...FIRST, discontinuity: true }, 1, 0);
  addSegments(timeline, { ...OTHER, baseUri: '/m/s1/000002' }, 1, 10);
  timeline.ended = true;
  assert.equal(
    renderReplayPlaylist(timeline),
    `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:1
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-MAP:URI="/m/s1/000001/0-900.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.000Z
#EXTINF:1.00000,
/m/s1/000001/900-100900.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="/m/s2/000001/0-800.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:15.000Z
#EXTINF:1.00000,
/m/s1/000002/900-100900.m4s
#EXT-X-ENDLIST
`,
  );
});

test('multivariant: what was measured, with the usual frame rate next to it', () => {
  const timeline = liveTimeline();
  assert.equal(renderMultivariantPlaylist(timeline, '0.m3u8'), null);
  timeline.startRun({ ...FIRST, video: { ...VIDEO, pixelAspect: { h: 4, v: 3 } } }, 900);
  assert.equal(renderMultivariantPlaylist(timeline, '0.m3u8'), null);
  addPart(timeline, 0, true);
  // Of the first segment there is the part with the keyframe.
  assert.match(renderMultivariantPlaylist(timeline, '0.m3u8') ?? '', /BANDWIDTH=1120000,/);
  addPart(timeline, 0, false);
  timeline.endSegment();
  assert.equal(
    renderMultivariantPlaylist(timeline, '0.m3u8'),
    `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-STREAM-INF:BANDWIDTH=800000,AVERAGE-BANDWIDTH=800000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1707x720,FRAME-RATE=24.000
0.m3u8
`,
  );
});

test('multivariant: audio alone has no picture', () => {
  const timeline = liveTimeline();
  timeline.startRun({ ...FIRST, video: null }, 900);
  timeline.addPart({ start: 900, end: 16_900, duration: 90_000, independent: true }, NOW, 0, 200);
  assert.equal(
    renderMultivariantPlaylist(timeline, '0.m3u8'),
    `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-STREAM-INF:BANDWIDTH=128000,AVERAGE-BANDWIDTH=128000,CODECS="mp4a.40.2"
0.m3u8
`,
  );
});

test('the peak is not that of a last segment of one frame', () => {
  const timeline = liveTimeline();
  addSegments(timeline, FIRST, 3, 0);
  timeline.addPart({ start: 300_900, end: 370_900, duration: 3600, independent: true }, NOW, 1, 500);
  timeline.endSegment();
  assert.equal(measure(timeline)?.peakBitRate, Math.ceil((370_000 * 8) / 3.04));
});
