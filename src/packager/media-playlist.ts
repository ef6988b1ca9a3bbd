import { MEDIA_TIMESCALE } from '../media/track.ts';
import type { MediaTimeline, Run, SegmentParts, TimelinePart } from './media-timeline.ts';

/** EXT-X-SKIP asks for version 9 (draft-pantos-hls-rfc8216bis section 8). */
const VERSION = 9;
/** The skip boundary, in target durations: the least the specification allows. */
const SKIP_TARGETS = 6;
/** Distance from the live edge that low-latency players are told to keep, in part targets: three is the least, one more takes up jitter. */
const HOLD_BACK_PARTS = 4;

const DEFAULT_PART_TARGET_MS = 200;
/** Lines of a replay's playlist that are made at once: a few ms. */
const LINES_AT_ONCE = 8192;

/** A live's media playlist as text, whole, or with `skip` as a delta update (section 6.2.5.1). */
export function renderLivePlaylist(timeline: MediaTimeline, skip: boolean): string {
  const { segments } = timeline;
  const lines = ['#EXTM3U', `#EXT-X-VERSION:${VERSION}`, `#EXT-X-TARGETDURATION:${timeline.targetDuration}`];
  // A window recovered from recordings has no parts: then the target is that of most streams.
  const partTarget = (timeline.partTargetMs || DEFAULT_PART_TARGET_MS) / 1000;
  const skipUntil = SKIP_TARGETS * timeline.targetDuration;
  lines.push(
    `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=${skipUntil}.0,PART-HOLD-BACK=${seconds3(HOLD_BACK_PARTS * partTarget)}`,
    `#EXT-X-PART-INF:PART-TARGET=${seconds3(partTarget)}`,
    `#EXT-X-MEDIA-SEQUENCE:${segments.first}`,
  );
  if (timeline.discontinuitySequence > 0) lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${timeline.discontinuitySequence}`);

  let sequence = segments.first;
  let before: Run | null = null;
  if (skip) {
    sequence = skipBoundary(timeline, skipUntil);
    if (sequence > segments.first) {
      lines.push(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${sequence - segments.first}`);
      before = timeline.runOf(sequence - 1);
    }
  }
  const listed = timeline.listedParts;
  for (let next = 0; sequence < segments.next; sequence += 1) {
    const run = timeline.runOf(sequence);
    pushRun(lines, run, before, timeline.discontinuityBefore(sequence));
    before = run;
    pushDate(lines, segments.programDateTimeMs(sequence));
    while (next < listed.length && listed[next].sequence < sequence) next += 1;
    const parts: SegmentParts | undefined = listed[next];
    if (parts?.sequence === sequence) for (const part of parts.parts) pushPart(lines, run, part);
    pushSegment(lines, run, segments.start(sequence), segments.end(sequence), segments.duration(sequence));
  }
  pushOpenSegment(lines, timeline, before);
  if (timeline.ended) lines.push('#EXT-X-ENDLIST');
  return `${lines.join('\n')}\n`;
}

/** A replay's media playlist: all segments of the timeline, and the end. */
export function renderReplayPlaylist(timeline: MediaTimeline): string {
  return [...renderReplayPieces(timeline)].join('');
}

/** The same in pieces, so that a day's can be made between other things. */
export function* renderReplayPieces(timeline: MediaTimeline): Generator<string, void> {
  const { segments } = timeline;
  let lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${timeline.targetDuration}`,
    '#EXT-X-PLAYLIST-TYPE:VOD',
    '#EXT-X-MEDIA-SEQUENCE:0',
  ];
  let before: Run | null = null;
  for (let row = segments.first; row < segments.next; row += 1) {
    const run = timeline.runOf(row);
    pushRun(lines, run, before, before !== null && timeline.discontinuityBefore(row));
    if (run !== before || row % 10 === 0) pushDate(lines, segments.programDateTimeMs(row));
    before = run;
    pushSegment(lines, run, segments.start(row), segments.end(row), segments.duration(row));
    if (lines.length < LINES_AT_ONCE) continue;
    yield `${lines.join('\n')}\n`;
    lines = [];
  }
  lines.push('#EXT-X-ENDLIST');
  yield `${lines.join('\n')}\n`;
}

function pushOpenSegment(lines: string[], timeline: MediaTimeline, before: Run | null): void {
  const { run, openParts } = timeline;
  if (timeline.ended) return;
  if (run !== null && openParts.length > 0) {
    pushRun(lines, run, before, timeline.openDiscontinuity);
    pushDate(lines, timeline.openDateMs);
    for (const part of openParts) pushPart(lines, run, part);
  }
  if (run !== null && timeline.runOpen && (openParts.length > 0 || before === run)) {
    lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${run.baseUri}/${timeline.nextPartStart}.m4s"`);
  } else if (openParts.length === 0) {
    // hls.js 1.7 takes a playlist whose last line is a segment for one whose last segment is still open, and refuses the discontinuity after it
    lines.push('# to be continued');
  }
}

function pushRun(lines: string[], run: Run, before: Run | null, discontinuity: boolean): void {
  if (discontinuity) lines.push('#EXT-X-DISCONTINUITY');
  if (before === null || before.initUri !== run.initUri) lines.push(`#EXT-X-MAP:URI="${run.initUri}"`);
}

function pushDate(lines: string[], ms: number): void {
  lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(ms).toISOString()}`);
}

function pushPart(lines: string[], run: Run, part: TimelinePart): void {
  const independent = part.independent ? ',INDEPENDENT=YES' : '';
  lines.push(`#EXT-X-PART:DURATION=${seconds5(part.duration)},URI="${run.baseUri}/${part.start}.m4s"${independent}`);
}

function pushSegment(lines: string[], run: Run, start: number, end: number, duration: number): void {
  lines.push(`#EXTINF:${seconds5(duration)},`, `${run.baseUri}/${start}-${end}.m4s`);
}

/** First segment that a delta update still holds: those from the skip boundary on. */
function skipBoundary(timeline: MediaTimeline, skipUntilSeconds: number): number {
  const { segments } = timeline;
  let left = skipUntilSeconds * MEDIA_TIMESCALE;
  for (const part of timeline.openParts) left -= part.duration;
  let sequence = segments.next;
  while (sequence > segments.first && left > 0) {
    sequence -= 1;
    left -= segments.duration(sequence);
  }
  return sequence;
}

function seconds5(ticks: number): string {
  return (ticks / MEDIA_TIMESCALE).toFixed(5);
}

function seconds3(value: number): string {
  return value.toFixed(3);
}
