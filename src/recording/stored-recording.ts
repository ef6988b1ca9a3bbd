import { open, readFile, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { ProtocolError } from '../errors.ts';
import { parseFragmentHeader } from '../mp4/fragment-reader.ts';
import { measureInitSegment, parseInitSegment } from '../mp4/init-segment-reader.ts';
import { MEDIA_TIMESCALE } from '../media/track.ts';
import type { AudioConfig, VideoConfig } from '../media/track.ts';
import { MediaTimeline } from '../packager/media-timeline.ts';
import { decodeRecord, RECORD_BYTES } from './index-record.ts';
import type { RunRecord, SegmentRecord } from './index-record.ts';
import { INDEX_FILE, initUri, volumeFile, volumeUri } from './layout.ts';
import type { RecordingMeta } from './layout.ts';
import { readMeta } from './meta.ts';

/** The most bytes of an init segment that are read. */
const MAX_INIT_BYTES = 65_536;

/** One volume of a recording, and the tracks its init segment tells of. */
export interface StoredRun extends RunRecord {
  readonly video: VideoConfig | null;
  readonly audio: AudioConfig | null;
}

/** A recording as its index tells it. */
export interface StoredRecording {
  readonly directory: string;
  readonly meta: RecordingMeta;
  readonly runs: readonly StoredRun[];
  readonly segments: readonly SegmentRecord[];
  /** The index has its end: nothing needs to be recovered. */
  readonly ended: boolean;
  /** The index on disk tells less than this: the disk was full when it was to be written anew. */
  readonly unindexed?: boolean;
}

/**
 * Reads a recording's meta and index; a run whose volume or init segment is not there is left out, with its segments. An index that tells of more
 * than its volumes hold, as a power cut may leave it, counts as one without an end.
 */
export async function readStoredRecording(directory: string): Promise<StoredRecording> {
  const meta = await readMeta(directory);
  const bytes = await readFileOrNothing(join(directory, INDEX_FILE));
  const runs: StoredRun[] = [];
  const segments: SegmentRecord[] = [];
  let ended = false;
  let complete = true;
  let size = 0;
  let skipped = false;
  for (let at = 0; !ended; at += RECORD_BYTES) {
    const record = decodeRecord(bytes, at);
    if (record === null) break;
    if (record.kind === 'run') {
      const run = await readRun(directory, record);
      skipped ||= run === null;
      if (run === null) continue;
      // The init segment that it went on with may be the one which is not there; every volume has its own.
      runs.push(skipped ? { ...run, newInit: true, discontinuity: true } : run);
      skipped = false;
      size = (await stat(join(directory, volumeFile(run.volume)))).size;
      if (size === run.initBytes && !meta.saveReplay) size = Infinity; // given back on purpose (Recording.dropVolume)
    } else if (record.kind === 'segment') {
      if (runs.at(-1)?.volume !== record.volume) continue;
      if (record.end <= size) segments.push(record);
      else complete = false;
    } else ended = true;
  }
  return { directory, meta, runs, segments, ended: ended && complete };
}

/** What the recording holds: bytes and ms of media, and the size of the picture. */
export function recordedTotals(stored: StoredRecording): {
  bytes: number;
  ms: number;
  width: number | null;
  height: number | null;
} {
  let bytes = 0;
  let ticks = 0;
  for (const segment of stored.segments) {
    bytes += segment.end - segment.start;
    ticks += segment.duration;
  }
  const video = stored.runs.findLast((run) => run.video !== null)?.video ?? null;
  return { bytes, ms: Math.round((ticks * 1000) / MEDIA_TIMESCALE), width: video?.width ?? null, height: video?.height ?? null };
}

/** Adds the runs and segments of a recording to a timeline: to a live's window, or to an empty one for its replay. */
export function addToTimeline(timeline: MediaTimeline, stored: StoredRecording): void {
  let init = '';
  let next = 0;
  const { sessionId } = stored.meta;
  for (const run of stored.runs) {
    if (run.newInit || init === '') init = initUri(sessionId, run.volume, run.initBytes);
    const discontinuity = run.discontinuity;
    const baseUri = volumeUri(sessionId, run.volume);
    timeline.startRun({ baseUri, initUri: init, discontinuity, video: run.video, audio: run.audio }, run.initBytes);
    for (; next < stored.segments.length && stored.segments[next].volume === run.volume; next += 1)
      timeline.addSegment(stored.segments[next]);
  }
}

/** The replay of a recording: a timeline of its own, from media sequence number 0. */
export function replayTimeline(stored: StoredRecording): MediaTimeline {
  const timeline = new MediaTimeline({ mediaSequence: 0, discontinuitySequence: 0, targetDuration: 1 });
  addToTimeline(timeline, stored);
  timeline.ended = true;
  return timeline;
}

/** Where the session's timeline ended and what wall clock its 0 has, so that it can be gone on with; null when there is no media. */
export async function readTimelineEnd(stored: StoredRecording): Promise<{ endTicks: number; wallAtZeroMs: number } | null> {
  const last = stored.segments.at(-1);
  if (last === undefined) return null;
  const run = stored.runs.findLast((candidate) => candidate.volume === last.volume);
  const file = await open(join(stored.directory, volumeFile(last.volume)));
  try {
    const bytes = await readAt(file, last.start, MAX_INIT_BYTES);
    const track = parseFragmentHeader(bytes, 0)?.tracks[0];
    if (track === undefined) return null;
    const timescale = track.trackId === 1 || run?.audio == null ? MEDIA_TIMESCALE : run.audio.sampleRate;
    const startTicks = Math.round((track.baseMediaDecodeTime * MEDIA_TIMESCALE) / timescale);
    const endTicks = startTicks + last.duration;
    // Media cannot end after it was written: where the dates say so, the first frame was read late.
    const endedAtMs = last.programDateTimeMs + (last.duration * 1000) / MEDIA_TIMESCALE;
    const endMs = Math.min(endedAtMs, (await file.stat()).mtimeMs);
    return { endTicks, wallAtZeroMs: endMs - (endTicks * 1000) / MEDIA_TIMESCALE };
  } finally {
    await file.close();
  }
}

/** Up to `length` bytes of a file from an offset on. */
export async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, offset);
  return bytes.subarray(0, bytesRead);
}

/** Bytes of the init segment that a volume begins with, as its boxes tell; null when there is none. */
export async function readInitBytes(path: string): Promise<number | null> {
  const file = await open(path);
  try {
    return measureInitSegment(await readAt(file, 0, MAX_INIT_BYTES));
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  } finally {
    await file.close();
  }
}

/** A run and its tracks; null when its volume or init segment is not there, or is not what it should be. */
export async function readRun(directory: string, record: RunRecord): Promise<StoredRun | null> {
  if (record.initBytes > MAX_INIT_BYTES) return null;
  let file: FileHandle;
  try {
    file = await open(join(directory, volumeFile(record.volume)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const init = await readAt(file, 0, record.initBytes);
    return init.length < record.initBytes ? null : { ...record, ...configsOf(init) };
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  } finally {
    await file.close();
  }
}

function configsOf(init: Uint8Array): { video: VideoConfig | null; audio: AudioConfig | null } {
  let video: VideoConfig | null = null;
  let audio: AudioConfig | null = null;
  for (const { config } of parseInitSegment(init)) {
    if (config.kind === 'video') video = config;
    else audio = config;
  }
  return { video, audio };
}

async function readFileOrNothing(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
