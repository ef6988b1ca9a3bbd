import { open, readdir, rename, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { ProtocolError } from '../errors.ts';
import { AUDIO_TRACK_ID, VIDEO_TRACK_ID } from '../mp4/init-segment.ts';
import { MAX_MOVIE_FRAGMENT_BYTES, parseFragmentHeader } from '../mp4/fragment-reader.ts';
import type { FragmentSummary } from '../mp4/fragment-reader.ts';
import { MEDIA_TIMESCALE } from '../media/track.ts';
import { encodeRecord } from './index-record.ts';
import type { SegmentRecord } from './index-record.ts';
import { INDEX_FILE, volumeFile, volumeNumber } from './layout.ts';
import { readAt, readInitBytes, readRun, readStoredRecording } from './stored-recording.ts';
import type { StoredRecording, StoredRun } from './stored-recording.ts';

/** What a volume that the index does not tell of is taken for. */
const UNKNOWN_RUN = { kind: 'run', newInit: true, mediaSequence: 0, discontinuitySequence: 0 } as const;

/** What is read first of a fragment: its header is nearly always shorter. */
const FIRST_READ_BYTES = 4096;

/**
 * Makes a recording whole that its process left without an end: the torn tail of the last volume is cut, the segments the index does not know yet are
 * read from the volumes, and segments whose bytes never came to the disk are forgotten. An index that is lost is made anew from the volumes.
 * With `end`, the recording is closed for good. Doing it twice changes nothing.
 */
export async function recoverRecording(directory: string, end: boolean): Promise<StoredRecording> {
  const stored = await readStoredRecording(directory);
  if (stored.ended) return stored;
  const recovered = { ...(await scanRecording(stored)), ended: end };
  try {
    await writeIndex(recovered);
  } catch (error) {
    // On a full disk it stays as it was: what was found is right all the same, and will be found again.
    if (!isFull(error)) throw error;
    return { ...recovered, unindexed: true };
  }
  return recovered;
}

/**
 * Makes a recording whole that its disk refused to take more of, so that it can be gone on with in another volume. Rejects while the disk still
 * refuses; null when there is no recording yet.
 */
export async function reopenRecording(directory: string): Promise<StoredRecording | null> {
  let stored: StoredRecording;
  try {
    stored = await readStoredRecording(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
  const recovered = await scanRecording(stored);
  await writeIndex(recovered);
  return recovered;
}

/** The disk, or this user's share of it, is full. */
export function isFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

async function scanRecording(stored: StoredRecording): Promise<StoredRecording> {
  const lastKnown = stored.runs.at(-1)?.volume ?? 0;
  const runs = [...stored.runs, ...(await unknownRuns(stored, lastKnown))];
  const byVolume = Map.groupBy(stored.segments, (segment) => segment.volume);
  const segments: SegmentRecord[] = [];
  for (const run of runs) {
    const known = byVolume.get(run.volume) ?? [];
    // A volume that the index tells of another behind is whole, or was given back on purpose (Recording.dropVolume).
    const whole = known.length > 0 && run.volume < lastKnown;
    segments.push(...(whole ? known : await scanVolume(stored.directory, run, known)));
  }
  return { ...stored, runs, segments };
}

/** Runs of the volumes behind those the index tells of; one without an init segment is put aside, so that its number can be used. */
async function unknownRuns(stored: StoredRecording, lastKnown: number): Promise<StoredRun[]> {
  const { directory } = stored;
  const found: StoredRun[] = [];
  const volumes = (await readdir(directory)).map(volumeNumber).filter((volume) => volume !== null);
  for (const volume of volumes.sort((a, b) => a - b)) {
    if (volume <= lastKnown) continue;
    const initBytes = await readInitBytes(join(directory, volumeFile(volume)));
    const first = stored.runs.length + found.length === 0;
    const run =
      initBytes === null ? null : await readRun(directory, { ...UNKNOWN_RUN, volume, initBytes, discontinuity: !first });
    if (run === null) await rename(join(directory, volumeFile(volume)), join(directory, `${volumeFile(volume)}.torn`));
    else found.push(run);
  }
  return found;
}

/** The segments of a volume: those known, and what is behind them; what does not belong to a whole fragment is cut off the file. */
async function scanVolume(directory: string, run: StoredRun, known: readonly SegmentRecord[]): Promise<SegmentRecord[]> {
  const file = await open(join(directory, volumeFile(run.volume)), 'r+');
  try {
    const { size, atime, mtime } = await file.stat();
    const segments = known.filter((segment) => segment.end <= size);
    let at = segments.at(-1)?.end ?? run.initBytes;
    for (;;) {
      const fragment = await readFragment(file, at);
      const bytes = fragment === null ? 0 : fragment.headerBytes + fragment.payloadBytes;
      if (fragment === null || at + bytes > size) break;
      addFragment(segments, run, fragment, at, at + bytes);
      at += bytes;
    }
    if (at < size) {
      await file.truncate(at);
      await file.utimes(atime, mtime); // when media was last written: nothing was recorded later
    }
    return segments;
  } finally {
    await file.close();
  }
}

/** Replaces the index whole, or leaves it as it was. */
export async function writeIndex(stored: StoredRecording): Promise<void> {
  const byVolume = Map.groupBy(stored.segments, (segment) => segment.volume);
  const records: Buffer[] = [];
  for (const { video: _video, audio: _audio, ...run } of stored.runs) {
    records.push(encodeRecord(run));
    for (const segment of byVolume.get(run.volume) ?? []) records.push(encodeRecord(segment));
  }
  if (stored.ended) records.push(encodeRecord({ kind: 'end' }));
  const index = join(stored.directory, INDEX_FILE);
  await writeFile(`${index}.new`, Buffer.concat(records), { mode: 0o640 });
  await rename(`${index}.new`, index);
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
  const audioTicks =
    audio === undefined || run.audio === null ? 0 : Math.round((audio.duration * MEDIA_TIMESCALE) / run.audio.sampleRate);
  const duration = video?.duration ?? audioTicks;
  const videoFrames = video?.sampleCount ?? 0;
  const open = segments.at(-1);
  if (open !== undefined && !fragment.segmentStart) {
    segments[segments.length - 1] = {
      ...open,
      end,
      duration: open.duration + duration,
      videoFrames: open.videoFrames + videoFrames,
    };
    return;
  }
  segments.push({
    kind: 'segment',
    volume: run.volume,
    start,
    end,
    duration,
    programDateTimeMs:
      fragment.programDateTimeMs ??
      (open === undefined ? 0 : Math.round(open.programDateTimeMs + (open.duration * 1000) / MEDIA_TIMESCALE)),
    videoFrames,
    independent: video?.startsWithSync ?? run.video === null,
  });
}
