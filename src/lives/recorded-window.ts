import { MEDIA_TIMESCALE } from '../media/track.ts';
import type { TimelineStart } from '../packager/media-timeline.ts';
import type { RecordingMeta } from '../recording/layout.ts';
import type { StoredRecording } from '../recording/stored-recording.ts';

/** Shortest time between two segments of a live: the least that segments may be set to. */
const SHORTEST_SEGMENT_MS = 500;

/** A volume that is not written to any more, and the media sequence number of the last segment in it. */
export interface WholeVolume {
  readonly volume: number;
  readonly initBytes: number;
  readonly lastSequence: number;
}

/** Where a run stands in the live's playlist. */
interface RunPlace {
  readonly mediaSequence: number;
  /** Discontinuities before it, its own not counted. */
  readonly discontinuitySequence: number;
  readonly segments: number;
  /** Segments before it are in no recording: no playlist can hold both sides of it. */
  readonly jumps: boolean;
}

/** Where each run of a recording stands; behind what could not be recorded, numbers go on from where the playlist was. */
function placesOf({ meta, runs, segments }: StoredRecording): RunPlace[] {
  const counts = new Map<number, number>();
  for (const { volume } of segments) counts.set(volume, (counts.get(volume) ?? 0) + 1);
  let { mediaSequence, discontinuitySequence } = meta;
  return runs.map((run) => {
    const count = counts.get(run.volume) ?? 0;
    const place = {
      mediaSequence: Math.max(mediaSequence, run.mediaSequence),
      discontinuitySequence: Math.max(discontinuitySequence, run.discontinuitySequence),
      segments: count,
      jumps: run.mediaSequence > mediaSequence,
    };
    mediaSequence = place.mediaSequence + count;
    discontinuitySequence = place.discontinuitySequence + (run.discontinuity && count > 0 ? 1 : 0);
    return place;
  });
}

/** Media sequence number behind a recording's last segment. */
export function sequenceAfter(stored: StoredRecording): number {
  const last = placesOf(stored).at(-1);
  return last === undefined ? stored.meta.mediaSequence : last.mediaSequence + last.segments;
}

/** Wall clock of the end of a recording's media, ms of the epoch; null when it has none. */
export function endOf(stored: StoredRecording): number | null {
  const last = stored.segments.at(-1);
  return last === undefined ? null : Math.round(last.programDateTimeMs + (last.duration * 1000) / MEDIA_TIMESCALE);
}

/** How long a recording's media is, in ticks. */
export function ticksOf(stored: StoredRecording): number {
  return stored.segments.reduce((sum, { duration }) => sum + duration, 0);
}

/** A media sequence number that is surely behind all that a recording, which can not be read, ever had. */
export function sequencePast(meta: Pick<RecordingMeta, 'mediaSequence' | 'startedAt'>, nowMs: number): number {
  return meta.mediaSequence + Math.max(0, Math.ceil((nowMs - meta.startedAt) / SHORTEST_SEGMENT_MS));
}

/** The volumes of a recording, all of them whole. */
export function volumesOf(stored: StoredRecording): WholeVolume[] {
  const places = placesOf(stored);
  return stored.runs.map(({ volume, initBytes }, i) => {
    const lastSequence = places[i].mediaSequence + places[i].segments - 1;
    return { volume, initBytes, lastSequence };
  });
}

/**
 * The newest volumes of a recording that make up so many ticks, as far as no segment between them is missing: a day's recording is not carried through memory
 * for an hour's window.
 */
export function newestVolumes(stored: StoredRecording, ticks: number): StoredRecording {
  const { runs, segments, meta } = stored;
  const places = placesOf(stored);
  let from = segments.length;
  for (let left = ticks; from > 0 && left > 0; from -= 1) left -= segments[from - 1].duration;
  const volume = segments[from]?.volume ?? runs.at(-1)?.volume ?? 0;
  const wanted = runs.findIndex((run) => run.volume === volume);
  const firstRun = Math.max(
    0,
    wanted,
    places.findLastIndex(({ jumps }) => jumps),
  );
  const kept = new Set(runs.slice(firstRun).map((run) => run.volume));
  return {
    ...stored,
    runs: runs.slice(firstRun),
    segments: segments.filter((segment) => kept.has(segment.volume)),
    meta: {
      ...meta,
      mediaSequence: places[firstRun]?.mediaSequence ?? meta.mediaSequence,
      discontinuitySequence: places[firstRun]?.discontinuitySequence ?? meta.discontinuitySequence,
      targetDuration: longestTarget(meta.targetDuration, stored),
    },
  };
}

/** Where the playlist of these recordings, which follow one on another, begins; of none: where `state` says. */
export function startOf(row: readonly StoredRecording[], state: TimelineStart): TimelineStart {
  const target = row.reduce(longestTarget, state.targetDuration);
  const { mediaSequence, discontinuitySequence } = row[0]?.meta ?? state;
  return { mediaSequence, discontinuitySequence, targetDuration: target };
}

function longestTarget(target: number, stored: StoredRecording): number {
  const longest = stored.segments.reduce((most, { duration }) => Math.max(most, duration), 0);
  return Math.max(target, stored.meta.targetDuration, Math.round(longest / MEDIA_TIMESCALE));
}
