import { MEDIA_TIMESCALE } from '../media/track.ts';
import { encodeInitSegment } from '../mp4/init-segment.ts';
import type { InitSegment, PackagerOutput, Part } from '../packager/packager.ts';
import type { Run, TimelineStart } from '../packager/media-timeline.ts';
import { initUri, volumeUri } from '../recording/layout.ts';
import { Recording } from '../recording/recording.ts';
import type { Disk } from '../recording/disk.ts';
import type { RecordingMeta } from '../recording/layout.ts';
import { recordedTotals } from '../recording/stored-recording.ts';
import type { StoredRecording } from '../recording/stored-recording.ts';
import type { LiveEdge } from './live-edge.ts';
import { endOf, volumesOf } from './recorded-window.ts';
import type { WholeVolume } from './recorded-window.ts';
import { RecordingRetry } from './recording-retry.ts';
import type { Tally } from './tally.ts';

/** A volume is ended when it is this long: 10 minutes, so that what falls out of a window can be given back in pieces. */
const VOLUME_TICKS = 600 * MEDIA_TIMESCALE;

/** What a session's recording holds so far. */
export interface Totals {
  readonly bytes: number;
  readonly ms: number;
  readonly width: number | null;
  readonly height: number | null;
}

const NOTHING: Totals = { bytes: 0, ms: 0, width: null, height: null };

/** A stretch of time, ms of the epoch. */
export interface Span {
  readonly beganAt: number;
  readonly endedAt: number;
}

export interface SessionRecorderOptions {
  /** The recording's own directory. */
  readonly directory: string;
  readonly meta: RecordingMeta;
  readonly edge: LiveEdge;
  readonly tally: Tally;
  /** Media that the live's playlist keeps. Read at every segment: it may be changed. */
  readonly windowTicks: () => number;
  readonly now: () => number;
  /** The recording as it was when the session was taken up again, or null. */
  readonly stored: StoredRecording | null;
  /** How soon a disk that refused is tried again. */
  readonly retryMs: number;
  readonly disk: Disk;
  /** Called when the session gets its first part. */
  readonly onFirstPart: () => void;
  /** The disk refuses: from here on the media is in memory only, for viewers, until `onResumed`. */
  readonly onFailed: (error: Error) => void;
  /** The session is recorded again; nothing was in this time. */
  readonly onResumed: (gap: Span) => void;
  /** Bytes of media were handed to the kernel. */
  readonly onWritten: (bytes: number) => void;
  /** Keeps where the playlist stands, or will stand for sure: the recording does not tell. */
  readonly keepPlace: (place: TimelineStart) => void;
}

/** More than a session begins in a second, over time. */
const VOLUMES_PER_SECOND = 10;
/** While a recording fails, the playlist's place is kept so many segments ahead. */
const PLACES_AHEAD = 16;

/** Takes one session's parts to its recording and to the live edge, over all its connections, and over what its disk refuses. */
export class SessionRecorder implements PackagerOutput {
  readonly meta: RecordingMeta;
  /** When the last part came, ms of the epoch. */
  lastPartAt: number;
  readonly #options: SessionRecorderOptions;
  readonly #edge: LiveEdge;
  readonly #retry: RecordingRetry;
  #recording: Recording;
  /** Set when the disk takes media again: the recording goes on at the next segment. */
  #reopened: { readonly stored: StoredRecording | null } | null = null;
  /** Media sequence number from which on all segments are, or will be, on disk. */
  #recordedFrom = 0;
  #placeKept = 0;
  #anyPart: boolean;
  /** The newest init segment: a volume that begins with the same bytes names that one, so that players need not read it again. */
  #init: (InitSegment & { readonly uri: string }) | null = null;
  #run: Run | null = null;
  #volumeTicks = 0;
  /** Handed to the recording, and what of it has reached the disk. */
  #bytes = 0;
  #ticks = 0;
  #writtenBytes = 0;
  #writtenTicks = 0;
  #width: number | null = null;
  #height: number | null = null;
  /** Whole volumes that may be given back when their last segment leaves the window. */
  #droppable: WholeVolume[] = [];

  constructor(options: SessionRecorderOptions) {
    const { directory, edge, now, stored, retryMs } = options;
    this.meta = options.meta;
    this.#options = options;
    this.#edge = edge;
    this.lastPartAt = now();
    this.#retry = new RecordingRetry({
      directory,
      now,
      firstMs: retryMs,
      onReady: (reopened) => (this.#reopened = { stored: reopened }),
    });
    this.#recording = this.#open(stored, stored === null ? 0 : this.#volumesBehind(stored));
    this.#anyPart = this.#bytes > 0;
    if (stored === null) return;
    if (!stored.meta.saveReplay) this.#droppable = volumesOf(stored);
    this.#init = newestInit(stored);
  }

  /** Why nothing is recorded now, or null. */
  get error(): Error | null {
    return this.#recording.error;
  }

  /** The session has ended: the recording is closed for good. Resolves when nothing is written any more; never rejects. */
  async close(): Promise<void> {
    await this.#retry.close();
    await this.#recording.close();
  }

  /** Closes the files and leaves the recording open for a later process. Never rejects. */
  async release(): Promise<void> {
    await this.#retry.close();
    await this.#recording.release();
  }

  /** What comes is on its way to the disk; once that has failed, what is really there counts. */
  get totals(): Totals {
    const failed = this.error !== null;
    const ticks = failed ? this.#writtenTicks : this.#ticks;
    const bytes = failed ? this.#writtenBytes : this.#bytes;
    return { bytes, ms: Math.round((ticks * 1000) / MEDIA_TIMESCALE), width: this.#width, height: this.#height };
  }

  init(init: InitSegment, discontinuity: boolean): void {
    const same = this.#init !== null && sameBytes(this.#init.bytes, init.bytes) ? this.#init : null;
    this.#startVolume(init, discontinuity, same?.uri ?? null);
  }

  /** Begins a volume; `uri`: of the same init segment in an earlier one, or null. */
  #startVolume(init: InitSegment, discontinuity: boolean, uri: string | null): void {
    this.#noteVolume();
    const { timeline } = this.#edge;
    const { mediaSequence, discontinuitySequence } = timeline.end;
    const run = { discontinuity, newInit: uri === null, mediaSequence, discontinuitySequence };
    const volume = this.#recording.startVolume(init.bytes, run);
    const { sessionId } = this.meta;
    if (uri === null) this.#edge.keepInit({ sessionId, volume, bytes: init.bytes });
    const initAt = uri ?? initUri(sessionId, volume, init.bytes.length);
    this.#init = { ...init, uri: initAt };
    this.#run = { baseUri: volumeUri(sessionId, volume), initUri: initAt, discontinuity, video: init.video, audio: init.audio };
    timeline.startRun(this.#run, init.bytes.length);
    this.#volumeTicks = 0;
    this.#width = init.video?.width ?? this.#width;
    this.#height = init.video?.height ?? this.#height;
  }

  part(part: Part): void {
    const bytes = part.end - part.start;
    const { duration, block } = part;
    let recorded = false;
    const start = this.#recording.appendPart(part, () => {
      recorded = true;
      this.#writtenBytes += bytes;
      this.#writtenTicks += duration;
    });
    const end = start + bytes;
    const { sessionId } = this.meta;
    const inMemory = block.bytes.subarray(part.start, part.end);
    const { volumeNumber: volume } = this.#recording;
    this.#edge.keep({ sessionId, volume, start, end, duration, block, bytes: inMemory }, () => recorded);
    this.#edge.timeline.addPart(
      { start, end, duration, independent: part.independent },
      part.programDateTimeMs,
      part.videoFrames,
      part.targetMs,
    );
    this.lastPartAt = this.#options.now();
    this.#options.tally.parts += 1;
    const first = !this.#anyPart;
    this.#anyPart = true;
    this.#bytes += bytes;
    this.#ticks += duration;
    this.#volumeTicks += duration;
    this.#edge.changed();
    if (first) this.#options.onFirstPart();
  }

  endSegment(): void {
    const { timeline } = this.#edge;
    if (!timeline.endSegment()) return;
    this.#options.tally.segments += 1;
    const { segments } = timeline;
    const row = segments.next - 1;
    this.#recording.endSegment({
      start: segments.start(row),
      end: segments.end(row),
      duration: segments.duration(row),
      programDateTimeMs: segments.programDateTimeMs(row),
      videoFrames: segments.videoFrames(row),
      independent: segments.independent(row),
    });
    if (this.#reopened !== null) this.#resume(this.#reopened.stored);
    else if (this.#volumeTicks >= VOLUME_TICKS) this.#nextVolume();
    timeline.trim(this.#options.windowTicks());
    if (segments.first < this.#recordedFrom) timeline.trimTo(Math.min(this.#firstInMemory(), this.#recordedFrom));
    if (this.error !== null && segments.next >= this.#placeKept) this.#keepPlaceAhead();
    this.#dropVolumes();
    this.#edge.changed();
  }

  /**
   * A number behind those of all volumes that players may have seen. A power cut may have lost the newest, more than once, with all that is known of them: only
   * the time that has passed tells.
   */
  #volumesBehind({ runs, meta }: StoredRecording): number {
    const passed = Math.floor(((this.#options.now() - meta.startedAt) * VOLUMES_PER_SECOND) / 1000);
    return Math.max(runs.at(-1)?.volume ?? 0, passed);
  }

  #open(stored: StoredRecording | null, lastVolume: number): Recording {
    const { directory, meta, disk, onWritten } = this.#options;
    const totals = stored === null ? NOTHING : recordedTotals(stored);
    this.#bytes = this.#writtenBytes = totals.bytes;
    this.#ticks = this.#writtenTicks = (totals.ms * MEDIA_TIMESCALE) / 1000;
    this.#width = totals.width ?? this.#width;
    this.#height = totals.height ?? this.#height;
    return new Recording({
      directory,
      meta,
      stored,
      lastVolume,
      onError: (error) => this.#failed(error),
      disk,
      onWritten,
    });
  }

  #failed(error: Error): void {
    this.#recordedFrom = Infinity;
    this.#keepPlaceAhead();
    this.#retry.failed(error, this.#recording.release());
    this.#options.onFailed(error);
  }

  /** The disk takes media again: from here on it goes to a new volume, behind a discontinuity. */
  #resume(stored: StoredRecording | null): void {
    this.#reopened = null;
    const { timeline } = this.#edge;
    const { onResumed, keepPlace, now } = this.#options;
    const beganAt = (stored === null ? null : endOf(stored)) ?? this.meta.startedAt;
    // No number is given twice: players know the volumes that were in memory only.
    this.#recording = this.#open(stored, this.#recording.volumeNumber);
    if (this.#init !== null) this.#startVolume(this.#init, true, null);
    this.#recordedFrom = timeline.segments.next;
    keepPlace(timeline.end);
    onResumed({ beganAt, endedAt: Math.max(beganAt, now()) });
  }

  #keepPlaceAhead(): void {
    const { mediaSequence, discontinuitySequence, targetDuration } = this.#edge.timeline.end;
    this.#placeKept = mediaSequence + PLACES_AHEAD;
    this.#options.keepPlace({
      mediaSequence: this.#placeKept,
      discontinuitySequence: discontinuitySequence + PLACES_AHEAD,
      targetDuration,
    });
  }

  /** Without a recording the window is what the memory will hold until the next segment is whole. */
  #firstInMemory(): number {
    const { segments, targetDuration } = this.#edge.timeline;
    let left = this.#edge.ticks - targetDuration * MEDIA_TIMESCALE;
    let first = segments.next;
    while (first > segments.first && segments.duration(first - 1) <= left) {
      first -= 1;
      left -= segments.duration(first);
    }
    return first;
  }

  #nextVolume(): void {
    if (this.#init !== null) this.init(this.#init, false);
  }

  #noteVolume(): void {
    if (this.#init === null || this.#run === null || this.meta.saveReplay) return;
    const lastSequence = this.#edge.timeline.segments.next - 1;
    this.#droppable.push({ volume: this.#recording.volumeNumber, initBytes: this.#init.bytes.length, lastSequence });
  }

  #dropVolumes(): void {
    const { first } = this.#edge.timeline.segments;
    while (this.#droppable.length > 0 && this.#droppable[0].lastSequence < first) {
      const { volume, initBytes } = this.#droppable[0];
      this.#droppable.shift();
      this.#recording.dropVolume(volume, initBytes);
    }
  }
}

/** What the recording's last volume begins with, and the URI it has in the playlist. */
function newestInit({ meta, runs }: StoredRecording): (InitSegment & { readonly uri: string }) | null {
  const last = runs.at(-1);
  const named = runs.findLast((run) => run.newInit) ?? runs[0];
  if (last === undefined || named === undefined) return null;
  const { video, audio } = last;
  return {
    bytes: encodeInitSegment({ video, audio }),
    video,
    audio,
    uri: initUri(meta.sessionId, named.volume, named.initBytes),
  };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
