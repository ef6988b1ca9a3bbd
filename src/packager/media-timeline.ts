import { MEDIA_TIMESCALE } from '../media/track.ts';
import type { AudioConfig, VideoConfig } from '../media/track.ts';
import { SegmentColumns } from './segment-columns.ts';
import type { ColumnsSnapshot } from './segment-columns.ts';

/** Consecutive segments of one volume under one init segment. */
export interface Run {
  /** URI of the volume: segments, parts and the init segment are below it. */
  readonly baseUri: string;
  readonly initUri: string;
  /** EXT-X-DISCONTINUITY stands before its first segment. */
  readonly discontinuity: boolean;
  readonly video: VideoConfig | null;
  readonly audio: AudioConfig | null;
}

/** A part as its playlist line needs it; offsets in its volume, duration in ticks. */
export interface TimelinePart {
  readonly start: number;
  readonly end: number;
  readonly duration: number;
  readonly independent: boolean;
}

/** The parts of a segment that are still listed one by one. */
export interface SegmentParts {
  readonly sequence: number;
  readonly run: Run;
  readonly parts: readonly TimelinePart[];
}

export interface TimelineStart {
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  /** Seconds: never lowered (RFC 8216bis section 6.2.1), raised when the encoder's GOP is longer. */
  readonly targetDuration: number;
}

/** Hears of what is done to a timeline, in order: another one that does the same is the same. */
export interface TimelineFollower {
  startRun(run: Run, firstPartStart: number): void;
  addPart(part: TimelinePart, programDateTimeMs: number, videoFrames: number, targetMs: number): void;
  endSegment(): void;
  trimTo(first: number): void;
}

/** What is set from outside. */
export interface TimelineFlags {
  readonly version: number;
  readonly online: boolean;
  readonly runOpen: boolean;
  readonly ended: boolean;
}

/** A timeline as it can be sent to another thread. */
export interface TimelineSnapshot {
  readonly flags: TimelineFlags;
  readonly segments: ColumnsSnapshot;
  readonly targetDuration: number;
  readonly discontinuitySequence: number;
  readonly partTargetMs: number;
  readonly streamTargetMs: number;
  readonly runs: ReadonlyMap<number, Run>;
  readonly runNumber: number;
  readonly runBeforeFirst: number;
  readonly listed: readonly SegmentParts[];
  readonly open: readonly TimelinePart[];
  readonly openDuration: number;
  readonly openDateMs: number;
  readonly openFrames: number;
  readonly nextStart: number;
}

/** Parts are listed for this many target durations from the end (RFC 8216bis section 6.2.2). */
const PARTS_LISTED_TARGETS = 3;

/**
 * What the live playlist of one live tells, over all its sessions: a window of whole segments, the parts of the newest ones, and the segment that
 * is being written. Media sequence numbers are the row numbers of `segments`, and never go back.
 */
export class MediaTimeline {
  readonly segments = new SegmentColumns();
  /** Grows with every change: what was rendered at a version stays right for it. */
  version = 0;
  /** A publisher is there. */
  online = false;
  /** The newest run is still being written: its next part is hinted at. */
  runOpen = false;
  /** No more will come: EXT-X-ENDLIST. */
  ended = false;
  /** Part Target Duration, ms: that of the stream, or more while a longer part is listed (a first one, or one of a track that stood still). */
  partTargetMs = 0;
  #streamTargetMs = 0;
  targetDuration: number;
  discontinuitySequence: number;

  follower: TimelineFollower | null = null;

  #runs = new Map<number, Run>();
  #runNumber = 0;
  #listed: SegmentParts[] = [];
  #open: TimelinePart[] = [];
  #openDuration = 0;
  #openDateMs = 0;
  #openFrames = 0;

  constructor(start: TimelineStart) {
    this.segments.first = this.segments.next = start.mediaSequence;
    this.discontinuitySequence = start.discontinuitySequence;
    this.targetDuration = start.targetDuration;
  }

  get flags(): TimelineFlags {
    const { version, online, runOpen, ended } = this;
    return { version, online, runOpen, ended };
  }

  set flags({ version, online, runOpen, ended }: TimelineFlags) {
    this.version = version;
    this.online = online;
    this.runOpen = runOpen;
    this.ended = ended;
  }

  snapshot(): TimelineSnapshot {
    return {
      flags: this.flags,
      segments: this.segments.snapshot(),
      targetDuration: this.targetDuration,
      discontinuitySequence: this.discontinuitySequence,
      partTargetMs: this.partTargetMs,
      streamTargetMs: this.#streamTargetMs,
      runs: new Map(this.#runs),
      runNumber: this.#runNumber,
      runBeforeFirst: this.#runBeforeFirst,
      listed: [...this.#listed],
      open: [...this.#open],
      openDuration: this.#openDuration,
      openDateMs: this.#openDateMs,
      openFrames: this.#openFrames,
      nextStart: this.#nextStart,
    };
  }

  /** Becomes what the snapshot was taken of. */
  restore(snapshot: TimelineSnapshot): void {
    this.segments.restore(snapshot.segments);
    this.flags = snapshot.flags;
    this.targetDuration = snapshot.targetDuration;
    this.discontinuitySequence = snapshot.discontinuitySequence;
    this.partTargetMs = snapshot.partTargetMs;
    this.#streamTargetMs = snapshot.streamTargetMs;
    this.#runs = new Map(snapshot.runs);
    this.#runNumber = snapshot.runNumber;
    this.#runBeforeFirst = snapshot.runBeforeFirst;
    this.#listed = [...snapshot.listed];
    this.#open = [...snapshot.open];
    this.#openDuration = snapshot.openDuration;
    this.#openDateMs = snapshot.openDateMs;
    this.#openFrames = snapshot.openFrames;
    this.#nextStart = snapshot.nextStart;
  }

  /** Where a session that begins now stands: every segment so far, and every discontinuity, is before it. */
  get end(): TimelineStart {
    const { segments, targetDuration } = this;
    let { discontinuitySequence } = this;
    for (let row = segments.first; row < segments.next; row += 1) if (this.discontinuityBefore(row)) discontinuitySequence += 1;
    return { mediaSequence: segments.next, discontinuitySequence, targetDuration };
  }

  /** The run that new parts belong to, or null before the first. */
  get run(): Run | null {
    return this.#runs.get(this.#runNumber) ?? null;
  }

  /** The segment that is being written: parts so far, and the wall clock of its beginning. */
  get openParts(): readonly TimelinePart[] {
    return this.#open;
  }
  get openDateMs(): number {
    return this.#openDateMs;
  }

  /** Whole segments whose parts are still listed, oldest first. */
  get listedParts(): readonly SegmentParts[] {
    return this.#listed;
  }

  /** Where the next part will begin in its volume: what EXT-X-PRELOAD-HINT names. */
  get nextPartStart(): number {
    return this.#nextStart;
  }
  #nextStart = 0;

  startRun(run: Run, firstPartStart: number): void {
    const { segments } = this;
    const unused = segments.length === 0 || segments.run(segments.next - 1) !== this.#runNumber;
    if (unused) this.#runs.delete(this.#runNumber);
    this.#runNumber += 1;
    this.#runs.set(this.#runNumber, run);
    this.#nextStart = firstPartStart;
    this.runOpen = true;
    this.follower?.startRun(run, firstPartStart);
  }

  addPart(part: TimelinePart, programDateTimeMs: number, videoFrames: number, targetMs: number): void {
    if (this.#open.length === 0) this.#openDateMs = programDateTimeMs;
    this.#open.push(part);
    this.#openDuration += part.duration;
    this.#openFrames += videoFrames;
    this.#nextStart = part.end;
    if (targetMs > 0) this.#streamTargetMs = targetMs;
    this.partTargetMs = Math.max(this.partTargetMs, targetMs, partMs(part));
    this.targetDuration = Math.max(this.targetDuration, roundedSeconds(this.#openDuration));
    this.version += 1;
    this.follower?.addPart(part, programDateTimeMs, videoFrames, targetMs);
  }

  /** The open segment is whole; false when it has no part, and so is none. */
  endSegment(): boolean {
    const run = this.run;
    const parts = this.#open;
    if (parts.length === 0 || run === null) return false;
    this.addSegment({
      start: parts[0].start,
      end: parts[parts.length - 1].end,
      duration: this.#openDuration,
      programDateTimeMs: this.#openDateMs,
      videoFrames: this.#openFrames,
      independent: parts[0].independent,
    });
    this.#listed.push({ sequence: this.segments.next - 1, run, parts });
    this.#open = [];
    this.#openDuration = this.#openFrames = 0;
    this.#unlistOldParts();
    this.version += 1;
    this.follower?.endSegment();
    return true;
  }

  /** A whole segment of the present run, as recovered from its recording. */
  addSegment(row: {
    start: number;
    end: number;
    duration: number;
    programDateTimeMs: number;
    videoFrames: number;
    independent: boolean;
  }): void {
    this.segments.add({ ...row, run: this.#runNumber });
    this.targetDuration = Math.max(this.targetDuration, roundedSeconds(row.duration));
    this.#nextStart = row.end;
  }

  runOf(sequence: number): Run {
    const run = this.#runs.get(this.segments.run(sequence));
    if (run === undefined) throw new Error(`segment ${sequence} has no run`);
    return run;
  }

  /** EXT-X-DISCONTINUITY stands before this segment (also when it is the first of the window). */
  discontinuityBefore(sequence: number): boolean {
    return this.#runBefore(sequence) !== this.segments.run(sequence) && this.runOf(sequence).discontinuity;
  }

  /** EXT-X-DISCONTINUITY stands before the segment that is being written. */
  get openDiscontinuity(): boolean {
    return this.#runBefore(this.segments.next) !== this.#runNumber && this.run !== null && this.run.discontinuity;
  }

  /** Number of the run of the segment before this one, which may have left the window; -1 before the first of all. */
  #runBefore(sequence: number): number {
    return sequence === this.segments.first ? this.#runBeforeFirst : this.segments.run(sequence - 1);
  }
  #runBeforeFirst = -1;

  /** Keeps the newest segments that make up `windowTicks`, and at least those within three target durations. */
  trim(windowTicks: number): void {
    const least = Math.max(windowTicks, 2 * PARTS_LISTED_TARGETS * this.targetDuration * MEDIA_TIMESCALE);
    const { segments } = this;
    let kept = this.#openDuration;
    let first = segments.next;
    while (first > segments.first && kept < least) {
      first -= 1;
      kept += segments.duration(first);
    }
    this.trimTo(first);
  }

  /** Drops the segments before this one from the window. */
  trimTo(first: number): void {
    const { segments } = this;
    if (first > segments.first) this.follower?.trimTo(first);
    while (segments.first < first && segments.length > 0) {
      const run = segments.run(segments.first);
      if (this.discontinuityBefore(segments.first)) this.discontinuitySequence += 1;
      segments.trim(segments.first + 1);
      this.#runBeforeFirst = run;
      const last = segments.length === 0 || segments.run(segments.first) !== run;
      if (last && run !== this.#runNumber) this.#runs.delete(run);
      this.version += 1;
    }
    this.#listed = this.#listed.filter((listed) => listed.sequence >= segments.first);
  }

  /**
   * Whether the playlist holds this part (or, without a part, this whole segment) already: what a blocking reload waits for. A part behind the
   * last one of a whole segment stands for the first of the next (draft-pantos-hls-rfc8216bis section 6.2.5.2).
   */
  holds(sequence: number, part: number | null): boolean {
    const { next } = this.segments;
    const newest = this.#listed.at(-1);
    if (part !== null && newest?.sequence === sequence && sequence === next - 1 && part >= newest.parts.length) {
      return this.#open.length > 0;
    }
    if (sequence < next) return true;
    return part !== null && sequence === next && part < this.#open.length;
  }

  #unlistOldParts(): void {
    let age = 0;
    let keep = this.#listed.length;
    while (keep > 0 && age < PARTS_LISTED_TARGETS * this.targetDuration * MEDIA_TIMESCALE) {
      keep -= 1;
      for (const part of this.#listed[keep].parts) age += part.duration;
    }
    this.#listed.splice(0, keep);
    this.partTargetMs = this.#streamTargetMs;
    for (const { parts } of this.#listed) for (const part of parts) this.partTargetMs = Math.max(this.partTargetMs, partMs(part));
  }
}

function partMs(part: TimelinePart): number {
  return Math.ceil((part.duration * 1000) / MEDIA_TIMESCALE);
}

/** RFC 8216bis section 4.4.3.1: durations are rounded to the nearest second when held against the target. */
function roundedSeconds(ticks: number): number {
  return Math.round(ticks / MEDIA_TIMESCALE);
}
