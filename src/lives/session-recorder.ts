import { MEDIA_TIMESCALE } from '../media/track.ts';
import { encodeInitSegment } from '../mp4/init-segment.ts';
import type { InitSegment, PackagerOutput, Part } from '../packager/packager.ts';
import type { Run } from '../packager/media-timeline.ts';
import { initUri, volumeUri } from '../recording/layout.ts';
import type { Recording } from '../recording/recording.ts';
import { recordedTotals } from '../recording/stored-recording.ts';
import type { StoredRecording } from '../recording/stored-recording.ts';
import type { LiveEdge } from './live-edge.ts';
import { volumesOf } from './recorded-window.ts';
import type { WholeVolume } from './recorded-window.ts';

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

export interface SessionRecorderOptions {
  readonly recording: Recording;
  readonly edge: LiveEdge;
  /** Media that the live's playlist keeps. Read at every segment: it may be changed. */
  readonly windowTicks: () => number;
  readonly now: () => number;
  /** The recording as it was when the session was taken up again, or null. */
  readonly stored: StoredRecording | null;
  /** Called when the recording gets its first part. */
  readonly onFirstPart: () => void;
}

/** Takes one session's parts to its recording and to the live edge, over all its connections. */
export class SessionRecorder implements PackagerOutput {
  readonly recording: Recording;
  /** When the last part came, ms of the epoch. */
  lastPartAt: number;
  readonly #edge: LiveEdge;
  readonly #windowTicks: () => number;
  readonly #now: () => number;
  readonly #onFirstPart: () => void;
  /** The newest init segment: a volume that begins with the same bytes names that one, so that players need not read it again. */
  #init: (InitSegment & { readonly uri: string }) | null = null;
  #run: Run | null = null;
  #volumeTicks = 0;
  /** Handed to the recording, and what of it has reached the disk. */
  #bytes: number;
  #ticks: number;
  #writtenBytes: number;
  #writtenTicks: number;
  #width: number | null;
  #height: number | null;
  /** Whole volumes that may be given back when their last segment leaves the window. */
  #droppable: WholeVolume[] = [];

  constructor(options: SessionRecorderOptions) {
    this.recording = options.recording;
    this.#edge = options.edge;
    this.#windowTicks = options.windowTicks;
    this.#now = options.now;
    this.#onFirstPart = options.onFirstPart;
    this.lastPartAt = options.now();
    const { stored } = options;
    const totals = stored === null ? NOTHING : recordedTotals(stored);
    this.#bytes = this.#writtenBytes = totals.bytes;
    this.#ticks = this.#writtenTicks = (totals.ms * MEDIA_TIMESCALE) / 1000;
    this.#width = totals.width;
    this.#height = totals.height;
    if (stored === null) return;
    if (!stored.meta.saveReplay) this.#droppable = volumesOf(stored);
    this.#init = newestInit(stored);
  }

  /** What comes is on its way to the disk; once that has failed, what is really there counts. */
  get totals(): Totals {
    const failed = this.recording.error !== null;
    const ticks = failed ? this.#writtenTicks : this.#ticks;
    const bytes = failed ? this.#writtenBytes : this.#bytes;
    return { bytes, ms: Math.round((ticks * 1000) / MEDIA_TIMESCALE), width: this.#width, height: this.#height };
  }

  init(init: InitSegment, discontinuity: boolean): void {
    const same = this.#init !== null && sameBytes(this.#init.bytes, init.bytes) ? this.#init : null;
    this.#noteVolume();
    const volume = this.recording.startVolume(init.bytes, discontinuity, same === null);
    const { sessionId } = this.recording.meta;
    if (same === null) this.#edge.keepInit(sessionId, volume, init.bytes);
    const uri = same?.uri ?? initUri(sessionId, volume, init.bytes.length);
    this.#init = { ...init, uri };
    this.#run = { baseUri: volumeUri(sessionId, volume), initUri: uri, discontinuity, video: init.video, audio: init.audio };
    this.#edge.timeline.startRun(this.#run, init.bytes.length);
    this.#volumeTicks = 0;
    this.#width = init.video?.width ?? this.#width;
    this.#height = init.video?.height ?? this.#height;
  }

  part(part: Part): void {
    const bytes = part.end - part.start;
    const { duration, block } = part;
    let recorded = false;
    const start = this.recording.appendPart(part, () => {
      recorded = true;
      this.#writtenBytes += bytes;
      this.#writtenTicks += duration;
    });
    const end = start + bytes;
    const { sessionId } = this.recording.meta;
    const inMemory = block.bytes.subarray(part.start, part.end);
    this.#edge.keep({
      sessionId,
      volume: this.recording.volumeNumber,
      start,
      end,
      duration,
      block,
      bytes: inMemory,
      recorded: () => recorded,
    });
    this.#edge.timeline.addPart(
      { start, end, duration, independent: part.independent },
      part.programDateTimeMs,
      part.videoFrames,
      part.targetMs,
    );
    this.lastPartAt = this.#now();
    const first = this.#bytes === 0;
    this.#bytes += bytes;
    this.#ticks += duration;
    this.#volumeTicks += duration;
    this.#edge.changed();
    if (first) this.#onFirstPart();
  }

  endSegment(): void {
    const { timeline } = this.#edge;
    if (!timeline.endSegment()) return;
    const { segments } = timeline;
    const row = segments.next - 1;
    this.recording.endSegment({
      start: segments.start(row),
      end: segments.end(row),
      duration: segments.duration(row),
      programDateTimeMs: segments.programDateTimeMs(row),
      videoFrames: segments.videoFrames(row),
      independent: segments.independent(row),
    });
    if (this.#volumeTicks >= VOLUME_TICKS) this.#nextVolume();
    timeline.trim(this.#windowTicks());
    if (this.recording.error !== null) timeline.trimTo(this.#firstInMemory());
    this.#dropVolumes();
    this.#edge.changed();
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
    if (this.#init === null || this.#run === null || this.recording.meta.saveReplay) return;
    const lastSequence = this.#edge.timeline.segments.next - 1;
    this.#droppable.push({ volume: this.recording.volumeNumber, initBytes: this.#init.bytes.length, lastSequence });
  }

  #dropVolumes(): void {
    const { first } = this.#edge.timeline.segments;
    while (this.#droppable.length > 0 && this.#droppable[0].lastSequence < first) {
      const { volume, initBytes } = this.#droppable[0];
      this.#droppable.shift();
      this.recording.dropVolume(volume, initBytes);
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
