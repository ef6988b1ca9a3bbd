import { MEDIA_TIMESCALE } from '../media/track.ts';
import type { InitSegment, PackagerOutput, Part } from '../packager/packager.ts';
import type { Run } from '../packager/media-timeline.ts';
import { initUri, volumeUri } from '../recording/layout.ts';
import type { Recording } from '../recording/recording.ts';
import type { LiveEdge } from './live-edge.ts';

/** A volume is ended when it is this long: 10 minutes, so that what falls out of a window can be given back in pieces. */
const VOLUME_TICKS = 600 * MEDIA_TIMESCALE;

/** What a session's recording holds so far. */
export interface Totals {
  readonly bytes: number;
  readonly ms: number;
  readonly width: number | null;
  readonly height: number | null;
}

export interface SessionRecorderOptions {
  readonly recording: Recording;
  readonly edge: LiveEdge;
  /** Media that the live's playlist keeps. Read at every segment: it may be changed. */
  readonly windowTicks: () => number;
  readonly now: () => number;
  /** What the recording held when the session was taken up again. */
  readonly totals: Totals | null;
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
  #init: InitSegment | null = null;
  #run: Run | null = null;
  #volumeTicks = 0;
  #bytes: number;
  #ticks: number;
  #width: number | null;
  #height: number | null;
  /** Whole volumes that may be given back when their last segment leaves the window. */
  #droppable: { volume: number; initBytes: number; lastSequence: number }[] = [];

  constructor(options: SessionRecorderOptions) {
    this.recording = options.recording;
    this.#edge = options.edge;
    this.#windowTicks = options.windowTicks;
    this.#now = options.now;
    this.#onFirstPart = options.onFirstPart;
    this.lastPartAt = options.now();
    this.#bytes = options.totals?.bytes ?? 0;
    this.#ticks = ((options.totals?.ms ?? 0) * MEDIA_TIMESCALE) / 1000;
    this.#width = options.totals?.width ?? null;
    this.#height = options.totals?.height ?? null;
  }

  get totals(): Totals {
    return { bytes: this.#bytes, ms: Math.round((this.#ticks * 1000) / MEDIA_TIMESCALE), width: this.#width, height: this.#height };
  }

  init(init: InitSegment, discontinuity: boolean): void {
    const same = this.#init !== null && this.#run !== null && sameBytes(this.#init.bytes, init.bytes);
    this.#noteVolume();
    const volume = this.recording.startVolume(init.bytes, discontinuity, !same);
    const { sessionId } = this.recording.meta;
    const uri = same && this.#run !== null ? this.#run.initUri : initUri(sessionId, volume, init.bytes.length);
    this.#init = init;
    this.#run = { baseUri: volumeUri(sessionId, volume), initUri: uri, discontinuity, video: init.video, audio: init.audio };
    this.#edge.timeline.startRun(this.#run, init.bytes.length);
    this.#volumeTicks = 0;
    this.#width = init.video?.width ?? this.#width;
    this.#height = init.video?.height ?? this.#height;
  }

  part(part: Part): void {
    const start = this.recording.appendPart(part);
    const bytes = part.end - part.start;
    const end = start + bytes;
    const { duration, block } = part;
    const { sessionId } = this.recording.meta;
    const inMemory = block.bytes.subarray(part.start, part.end);
    this.#edge.keep({ sessionId, volume: this.recording.volumeNumber, start, end, duration, block, bytes: inMemory });
    this.#edge.timeline.addPart({ start, end, duration, independent: part.independent }, part.programDateTimeMs, part.videoFrames, part.targetMs);
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
    this.#dropVolumes();
    this.#edge.changed();
  }

  #nextVolume(): void {
    if (this.#init !== null) this.init(this.#init, false);
  }

  #noteVolume(): void {
    if (this.#init === null || this.recording.meta.saveReplay) return;
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

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
