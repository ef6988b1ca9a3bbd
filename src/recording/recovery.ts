import { appendFile, open, truncate } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { ProtocolError } from '../errors.ts';
import { AUDIO_TRACK_ID, VIDEO_TRACK_ID } from '../mp4/init-segment.ts';
import { MAX_MOVIE_FRAGMENT_BYTES, parseFragmentHeader } from '../mp4/fragment-reader.ts';
import type { FragmentSummary } from '../mp4/fragment-reader.ts';
import { MEDIA_TIMESCALE } from '../media/track.ts';
import { encodeRecord } from './index-record.ts';
import type { SegmentRecord } from './index-record.ts';
import { INDEX_FILE, volumeFile } from './layout.ts';
import { readAt, readStoredRecording } from './stored-recording.ts';
import type { StoredRecording, StoredRun } from './stored-recording.ts';

/** What is read first of a fragment: its header is nearly always shorter. */
const FIRST_READ_BYTES = 4096;

/**
 * Makes a recording whole that its process left without an end: the torn tail of the last volume is cut, and the segments the index does not know yet are
 * read from the volumes. With `end`, the recording is closed for good. Doing it twice changes nothing.
 */
export async function recoverRecording(directory: string, end: boolean): Promise<StoredRecording> {
  const stored = await readStoredRecording(directory);
  if (stored.ended) return stored;
  const index = join(directory, INDEX_FILE);
  const found: SegmentRecord[] = [];
  const last = stored.segments.at(-1);
  for (const run of stored.runs) {
    if (last !== undefined && run.volume < last.volume) continue;
    const from = last?.volume === run.volume ? last.end : run.initBytes;
    found.push(...(await scanVolume(directory, run, from)));
  }
  const records = found.map((segment) => encodeRecord(segment));
  if (end) records.push(encodeRecord({ kind: 'end' }));
  if (stored.indexBytes > 0) await truncate(index, stored.indexBytes);
  if (records.length > 0) await appendFile(index, Buffer.concat(records));
  return readStoredRecording(directory);
}

/** The segments of a volume from an offset on; what does not belong to a whole fragment is cut off the file. */
async function scanVolume(directory: string, run: StoredRun, from: number): Promise<SegmentRecord[]> {
  const file = await open(join(directory, volumeFile(run.volume)), 'r+');
  try {
    const { size } = await file.stat();
    const segments: SegmentRecord[] = [];
    let at = from;
    for (;;) {
      const fragment = await readFragment(file, at);
      const bytes = fragment === null ? 0 : fragment.headerBytes + fragment.payloadBytes;
      if (fragment === null || at + bytes > size) break;
      addFragment(segments, run, fragment, at, at + bytes);
      at += bytes;
    }
    if (at < size) await file.truncate(at);
    return segments;
  } finally {
    await file.close();
  }
}

async function readFragment(file: FileHandle, at: number): Promise<FragmentSummary | null> {
  try {
    const first = parseFragmentHeader(await readAt(file, at, FIRST_READ_BYTES), 0);
    return first ?? parseFragmentHeader(await readAt(file, at, MAX_MOVIE_FRAGMENT_BYTES + FIRST_READ_BYTES), 0);
  } catch (error) {
    // Bytes that were never written whole may be anything: the recording ends before them.
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

function addFragment(segments: SegmentRecord[], run: StoredRun, fragment: FragmentSummary, start: number, end: number): void {
  const video = fragment.tracks.find((track) => track.trackId === VIDEO_TRACK_ID);
  const audio = fragment.tracks.find((track) => track.trackId === AUDIO_TRACK_ID);
  const audioTicks = audio === undefined || run.audio === null ? 0 : Math.round((audio.duration * MEDIA_TIMESCALE) / run.audio.sampleRate);
  const duration = video?.duration ?? audioTicks;
  const videoFrames = video?.sampleCount ?? 0;
  const open = segments.at(-1);
  if (open !== undefined && !fragment.segmentStart) {
    segments[segments.length - 1] = { ...open, end, duration: open.duration + duration, videoFrames: open.videoFrames + videoFrames };
    return;
  }
  segments.push({
    kind: 'segment',
    volume: run.volume,
    start,
    end,
    duration,
    programDateTimeMs: fragment.programDateTimeMs ?? 0,
    videoFrames,
    independent: video?.startsWithSync ?? run.video === null,
  });
}
