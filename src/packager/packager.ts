import type { AccessUnitSink } from '../media/access-unit-sink.ts';
import { MEDIA_TIMESCALE, sameConfig } from '../media/track.ts';
import type { AudioConfig, VideoConfig } from '../media/track.ts';
import { encodeInitSegment } from '../mp4/init-segment.ts';
import type { BlockPool } from './block-pool.ts';
import { PartBuilder } from './part-builder.ts';
import type { PartBytes } from './part-builder.ts';
import { partTargetTicks } from './part-target.ts';
import type { SessionClock } from './session-clock.ts';

const TICKS_PER_MS = MEDIA_TIMESCALE / 1000;
/** A keyframe this much before the shortest segment is over still ends it: GOPs are not exact to the tick. */
const SEGMENT_TOLERANCE_TICKS = 0.1 * MEDIA_TIMESCALE;
/** Segments of a stream without video, which has no keyframes to follow: 2 s. */
const AUDIO_ONLY_SEGMENT_TICKS = 2 * MEDIA_TIMESCALE;
/** How long audio waits for video that was not announced, or for its first keyframe: 1 s. */
const AUDIO_LEAD_TICKS = MEDIA_TIMESCALE;
/** How far the audio's sample clock may be from its timestamps before it is set right: 60 ms. */
const AUDIO_DRIFT_SECONDS = 0.06;
const DEFAULT_INTERVAL_TICKS = MEDIA_TIMESCALE / 25;

/** A finished part. Durations in ticks of MEDIA_TIMESCALE. */
export interface Part extends PartBytes {
  readonly duration: number;
  /** It begins with a keyframe, or has no video at all. */
  readonly independent: boolean;
  /** It is the first part of its segment. */
  readonly segmentStart: boolean;
  /** Place on the session's timeline, in ticks. */
  readonly time: number;
  /** Wall clock of its first frame, ms of the epoch. */
  readonly programDateTimeMs: number;
  readonly videoFrames: number;
  /** The longest a part of this stream may be, in ms. */
  readonly targetMs: number;
}

/** The tracks of the parts that follow. */
export interface InitSegment {
  readonly bytes: Uint8Array;
  readonly video: VideoConfig | null;
  readonly audio: AudioConfig | null;
}

/** Where a packager's work goes. Calls come in place, in order: init, then parts and segment ends. */
export interface PackagerOutput {
  /** The parts that follow need this; `discontinuity`: they do not follow on what was before. */
  init(init: InitSegment, discontinuity: boolean): void;
  /** The block is the packager's: retain it to keep the bytes. */
  part(part: Part): void;
  /** The segment that the parts since the last call make up is whole. */
  endSegment(): void;
}

export interface PackagerOptions {
  readonly clock: SessionClock;
  readonly now: () => number;
  readonly pool: BlockPool;
  readonly output: PackagerOutput;
  readonly partMs: number;
  readonly segmentMinMs: number;
  readonly segmentMaxMs: number;
  /** The session has media already: this connection's does not follow on it. */
  readonly discontinuity: boolean;
}

/**
 * Access units of one session to parts and segments (draft-pantos-hls-rfc8216bis, section 6.2; ISO/IEC 14496-12). Parts hold audio and video
 * together. A part closes when the frame that would make it too long is announced, before its bytes are there; segments
 * end at keyframes and follow the encoder's GOP, from segmentMinMs to segmentMaxMs.
 */
export class Packager implements AccessUnitSink {
  target: Uint8Array = new Uint8Array(0);
  targetOffset = 0;

  readonly #options: PackagerOptions;
  readonly #clock: SessionClock;
  readonly #builder: PartBuilder;
  #video: VideoConfig | null = null;
  #audio: AudioConfig | null = null;
  /** What the publisher said of its tracks (onMetaData), or null. */
  #announced: { video: boolean; audio: boolean } | null = null;
  /** An init segment for the present tracks is out. */
  #initOut = false;
  #anyOut = false;
  #closed = false;
  #waitForKeyframe = true;
  #discontinuity: boolean;

  #sequenceNumber = 0;
  #partTime = -1;
  #partIndependent = false;
  #segmentTime = -1;
  #partTicks = 0;

  /** While a video frame is open its bytes are still being written: nothing may end the part under it, so these wait. */
  #videoOpen = false;
  #breakPending = false;
  #pendingAudio: AudioConfig | null = null;
  #openTime = 0;
  #openKeyframe = false;
  #openOffset = 0;
  #lastVideoTime = -1;
  #videoInterval = 0;

  #audioOpen = -1;
  /** Next audio sample expected, in samples of the timeline, or -1. */
  #audioClock = -1;
  #audioStart = 0;
  #rateBytes = 0;
  #rateSince = -1;

  constructor(options: PackagerOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#discontinuity = options.discontinuity;
    this.#builder = new PartBuilder(options.pool);
  }

  /** What onMetaData tells of the tracks: the first part need not wait for one that is not to come. */
  announceTracks(video: boolean, audio: boolean): void {
    this.#announced = { video, audio };
  }

  videoConfig(config: VideoConfig): void {
    if (this.#closed) return;
    this.#settle();
    if (sameConfig(this.#video, config)) return;
    if (this.#video !== null || this.#initOut) this.#breakTimeline();
    this.#video = config;
    this.#waitForKeyframe = true;
    this.#partTicks = 0;
  }

  audioConfig(config: AudioConfig): void {
    if (this.#closed) return;
    if (this.#videoOpen) {
      this.#pendingAudio = config;
      return;
    }
    if (sameConfig(this.#audio, config)) return;
    if (this.#audio !== null || this.#initOut) this.#breakTimeline();
    this.#audio = config;
    this.#audioClock = -1;
  }

  beginVideo(dts: number, compositionOffset: number, keyframe: boolean, size: number): boolean {
    this.#settle();
    if (this.#video === null || size === 0 || (this.#waitForKeyframe && !keyframe)) return false;
    const time = this.#clock.map('video', dts, this.#options.now());
    if (this.#clock.jumped) this.#breakTimeline();
    else if (this.#lastVideoTime >= 0) this.#noteInterval(time - this.#lastVideoTime);
    this.#waitForKeyframe = false;

    if (this.#partTime >= 0) this.#closeBefore(time, keyframe);
    if (this.#partTime < 0) this.#openPart(time);
    if (this.#builder.video.count === 0) {
      this.#builder.videoBaseTime = time;
      this.#partIndependent = keyframe;
    }
    this.targetOffset = this.#builder.beginVideo(size);
    this.target = this.#builder.target;
    this.#videoOpen = true;
    this.#openTime = time;
    this.#openKeyframe = keyframe;
    this.#openOffset = compositionOffset;
    return true;
  }

  endVideo(): void {
    if (!this.#videoOpen) return;
    this.#videoOpen = false;
    this.#builder.endVideo(this.#openOffset, this.#openKeyframe);
    this.#lastVideoTime = this.#openTime;
    this.#settle();
  }

  beginAudio(dts: number, size: number): boolean {
    this.#audioOpen = -1;
    const audio = this.#audio;
    if (audio === null || size === 0) return false;
    const time = this.#clock.map('audio', dts, this.#options.now());
    if (this.#clock.jumped && this.#videoOpen) this.#breakPending = true;
    else if (this.#clock.jumped) this.#breakTimeline();
    const start = this.#alignAudio(time, audio);
    if (!this.#videoOpen) this.#closeForAudio(time, start, audio);
    const offset = this.#builder.staging.begin(size);
    if (offset < 0) return false;
    this.target = this.#builder.staging.bytes;
    this.targetOffset = offset;
    this.#audioOpen = size;
    this.#audioStart = start;
    return true;
  }

  endAudio(): void {
    const audio = this.#audio;
    if (this.#audioOpen < 0 || audio === null || !this.#builder.staging.end()) return;
    if (this.#builder.audio.count === 0) {
      this.#builder.audioBaseTime = this.#audioStart;
      if (this.#partTime < 0) this.#openPart(Math.round((this.#audioStart * MEDIA_TIMESCALE) / audio.sampleRate));
    }
    this.#builder.addAudio(this.#audioOpen, audio.samplesPerFrame);
    this.#audioClock = this.#audioStart + audio.samplesPerFrame;
    this.#audioOpen = -1;
  }

  /** The connection is over: whole frames go out as a last segment, frames that are not whole are lost. Later calls are harmless. */
  close(): void {
    if (this.#closed) return;
    this.#breakTimeline();
    this.#closed = true;
    this.#video = null;
    this.#audio = null;
    this.#builder.close();
  }

  /** What waited for the open video frame to be whole, or given up. */
  #settle(): void {
    this.#videoOpen = false;
    if (this.#breakPending) this.#breakTimeline();
    this.#breakPending = false;
    const audio = this.#pendingAudio;
    this.#pendingAudio = null;
    if (audio !== null) this.audioConfig(audio);
  }

  #openPart(time: number): void {
    this.#partTime = time;
    if (this.#segmentTime < 0) {
      this.#segmentTime = time;
      this.#clock.correctWallClock(time, this.#options.now());
    }
    if (this.#rateSince < 0) this.#rateSince = time;
  }

  #noteInterval(interval: number): void {
    this.#videoInterval = interval;
    const { video } = this.#builder;
    if (video.count > 0) video.durations[video.count - 1] = interval;
    if (this.#partTicks === 0) {
      this.#partTicks = partTargetTicks(this.#options.partMs * TICKS_PER_MS, interval, this.#video?.frameRate ?? null);
    }
  }

  /** Closes the part, and the segment, that end where this video frame begins. */
  #closeBefore(time: number, keyframe: boolean): void {
    // Audio that came ahead of the very first frame goes into one part with it.
    if (!this.#initOut && this.#builder.video.count === 0) return;
    const { segmentMinMs, segmentMaxMs } = this.#options;
    const interval = this.#videoInterval > 0 ? this.#videoInterval : DEFAULT_INTERVAL_TICKS;
    const inSegment = time - this.#segmentTime;
    const endsGop = keyframe && inSegment >= segmentMinMs * TICKS_PER_MS - SEGMENT_TOLERANCE_TICKS;
    if (endsGop || inSegment + interval > segmentMaxMs * TICKS_PER_MS) {
      this.#closePart(time);
      this.#endSegment();
    } else if (time - this.#partTime + interval > this.#partTicks && this.#mayClose(time)) {
      this.#closePart(time);
    }
  }

  /** The first part waits a moment for the configuration of an audio track that may come. */
  #mayClose(time: number): boolean {
    if (this.#initOut || this.#audio !== null || this.#announced?.audio === false) return true;
    return time - this.#partTime >= AUDIO_LEAD_TICKS / 2;
  }

  /** Closes a part that no video frame will close: the stream has none, or it stands still. */
  #closeForAudio(time: number, start: number, audio: AudioConfig): void {
    const { staging } = this.#builder;
    const frameTicks = (audio.samplesPerFrame * MEDIA_TIMESCALE) / audio.sampleRate;
    if (this.#partTime < 0) return;
    const inPart = (start * MEDIA_TIMESCALE) / audio.sampleRate - this.#partTime;
    if (this.#video === null) {
      if (!this.#initOut && this.#announced?.video !== false && inPart < AUDIO_LEAD_TICKS) return;
      if (this.#partTicks === 0) {
        this.#partTicks = partTargetTicks(this.#options.partMs * TICKS_PER_MS, frameTicks, null);
      }
      if (inPart + frameTicks <= this.#partTicks) return;
      this.#closePart(time);
      if (time - this.#segmentTime >= AUDIO_ONLY_SEGMENT_TICKS) this.#endSegment();
    } else if (inPart > Math.max(2 * this.#partTicks, AUDIO_LEAD_TICKS)) {
      if (this.#waitForKeyframe) {
        staging.clear();
        this.#builder.audio.count = 0;
        this.#partTime = -1;
        if (!this.#anyOut) this.#segmentTime = -1;
        return;
      }
      this.#closePart(time);
      if (time - this.#segmentTime >= this.#options.segmentMaxMs * TICKS_PER_MS) this.#endSegment();
    }
  }

  /** The audio's own clock counts samples; it is set right when the timestamps leave it. Gives the frame's time in samples. */
  #alignAudio(time: number, audio: AudioConfig): number {
    const stamped = Math.round((time * audio.sampleRate) / MEDIA_TIMESCALE);
    if (this.#audioClock < 0) return stamped;
    const drift = stamped - this.#audioClock;
    if (Math.abs(drift) <= AUDIO_DRIFT_SECONDS * audio.sampleRate) return this.#audioClock;
    const columns = this.#builder.audio;
    if (columns.count === 0) return Math.max(stamped, 0);
    const last = columns.count - 1;
    const stretched = Math.max(columns.durations[last] + drift, 1);
    const start = this.#audioClock + stretched - columns.durations[last];
    columns.durations[last] = stretched;
    return start;
  }

  #closePart(endTime: number): void {
    const { video, audio } = this.#builder;
    if (video.count === 0 && audio.count === 0) return;
    if (video.count > 0 && video.durations[video.count - 1] === 0) video.durations[video.count - 1] = this.#lastDuration(endTime);
    if (!this.#initOut) this.#putInit();
    const segmentStart = this.#segmentTime === this.#partTime;
    this.#sequenceNumber += 1;
    const programDateTimeMs = this.#clock.wallClock(this.#partTime);
    const bytes = this.#builder.finish({ sequenceNumber: this.#sequenceNumber, segmentStart, programDateTimeMs });
    const part: Part = {
      ...bytes,
      duration: Math.max(endTime - this.#partTime, 1),
      independent: video.count === 0 ? this.#video === null : this.#partIndependent,
      segmentStart,
      time: this.#partTime,
      programDateTimeMs,
      videoFrames: video.count,
      targetMs: this.#partTicks / TICKS_PER_MS,
    };
    this.#options.output.part(part);
    this.#anyOut = true;
    this.#measure(bytes.end - bytes.start, endTime);
    this.#builder.next(bytes);
    this.#partTime = -1;
  }

  #lastDuration(endTime: number): number {
    const left = endTime - this.#lastVideoTime;
    return left > 0 && left < MEDIA_TIMESCALE ? left : this.#videoInterval || DEFAULT_INTERVAL_TICKS;
  }

  #endSegment(): void {
    if (this.#segmentTime < 0) return;
    this.#segmentTime = -1;
    this.#options.output.endSegment();
  }

  #putInit(): void {
    const video = this.#video;
    const audio = this.#audio;
    this.#options.output.init({ bytes: encodeInitSegment({ video, audio }), video, audio }, this.#discontinuity);
    this.#initOut = true;
    this.#discontinuity = false;
  }

  /** What is there goes out as a whole segment, and the next part is behind a discontinuity and a new init segment. */
  #breakTimeline(): void {
    this.#videoOpen = false;
    if (this.#partTime >= 0 && (this.#initOut || this.#builder.video.count > 0 || this.#video === null)) this.#closePart(this.#endOfPart());
    this.#endSegment();
    this.#lastVideoTime = -1;
    this.#audioClock = -1;
    if (!this.#anyOut) return;
    this.#initOut = false;
    this.#discontinuity = true;
  }

  #endOfPart(): number {
    const { video, audio } = this.#builder;
    const interval = this.#videoInterval || DEFAULT_INTERVAL_TICKS;
    if (video.count > 0) return this.#lastVideoTime + interval;
    if (audio.count > 0 && this.#audio !== null) return Math.round((this.#audioClock * MEDIA_TIMESCALE) / this.#audio.sampleRate);
    return this.#partTime + 1;
  }

  #measure(bytes: number, endTime: number): void {
    this.#rateBytes += bytes;
    const seconds = (endTime - this.#rateSince) / MEDIA_TIMESCALE;
    if (seconds < 1) return;
    this.#builder.setByteRate(this.#rateBytes / seconds);
    this.#rateBytes = 0;
    this.#rateSince = endTime;
  }
}
