import type { AccessUnitSink } from '../media/access-unit-sink.ts';
import { MEDIA_TIMESCALE, sameConfig } from '../media/track.ts';
import type { AudioConfig, VideoConfig } from '../media/track.ts';
import { encodeInitSegment } from '../mp4/init-segment.ts';
import { AudioClock } from './audio-clock.ts';
import type { BlockPool } from './block-pool.ts';
import { FramePace } from './frame-pace.ts';
import { OpenSegment } from './open-segment.ts';
import { PartBuilder } from './part-builder.ts';
import type { PartBytes } from './part-builder.ts';
import type { SessionClock } from './session-clock.ts';

const TICKS_PER_MS = MEDIA_TIMESCALE / 1000;
/** Segments of a stream without video, which has no keyframes to follow: 2 s. */
const AUDIO_ONLY_SEGMENT_TICKS = 2 * MEDIA_TIMESCALE;
/** How long audio waits for video that was not announced, for its first keyframe, or when it stands still: 1 s. */
const AUDIO_LEAD_TICKS = MEDIA_TIMESCALE;
/** A part closes before it has more video than this, whatever its duration: clocks may stand still. */
const PART_LIMIT_BYTES = 8 * 1024 * 1024;
/** Frames of one track in a part at the most: its header must fit what readers take (MAX_MOVIE_FRAGMENT_BYTES). */
const PART_LIMIT_FRAMES = 1000;
const NOTHING = new Uint8Array(0);

/** A finished part. Durations in ticks of MEDIA_TIMESCALE. */
export interface Part extends PartBytes {
  readonly duration: number;
  /** It begins with a keyframe, or has no video at all. */
  readonly independent: boolean;
  /** It is the first part of its segment. */
  readonly segmentStart: boolean;
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
  target: Uint8Array = NOTHING;
  targetOffset = 0;

  readonly #options: PackagerOptions;
  readonly #clock: SessionClock;
  readonly #builder: PartBuilder;
  readonly #pace: FramePace;
  readonly #audioClock = new AudioClock();
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
  /** Where the part that is being built begins, or -1; where the last one of this run ended, or -1. */
  #partTime = -1;
  #partEnd = -1;
  #partIndependent = false;
  readonly #segment: OpenSegment;

  /** While a video frame is open its bytes are still being written: nothing may end the part under it, so these wait. */
  #videoOpen = false;
  #breakPending = false;
  #pendingAudio: AudioConfig | null = null;
  #openTime = 0;
  #openKeyframe = false;
  #openOffset = 0;
  #lastVideoTime = -1;

  /** Size of the open audio frame, or -1, and its place in samples of the timeline. */
  #audioOpen = -1;
  #audioStart = 0;
  /** Newest audio time, and what it was when the last video frame came: how long video has stood still. */
  #audioTime = -1;
  #audioTimeAtVideo = -1;

  constructor(options: PackagerOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#discontinuity = options.discontinuity;
    this.#builder = new PartBuilder(options.pool);
    this.#pace = new FramePace(options.partMs * TICKS_PER_MS);
    this.#segment = new OpenSegment(options.segmentMinMs * TICKS_PER_MS, options.segmentMaxMs * TICKS_PER_MS);
  }

  /** Until the frame comes that closes the part. */
  get quietMs(): number {
    const { interval, partTicks } = this.#pace;
    const newest = this.#videoOpen ? this.#openTime : this.#video === null ? this.#audioTime : this.#lastVideoTime;
    if (this.#partTime < 0 || newest < 0 || partTicks === 0) return 0;
    const frames = Math.floor((this.#partTime + partTicks - newest) / interval);
    return (Math.max(frames, 0) * interval) / TICKS_PER_MS;
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
    this.#clock.setFrameRate(config.frameRate);
    this.#waitForKeyframe = true;
    this.#pace.reset();
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
    this.#audioClock.reset();
  }

  beginVideo(dts: number, compositionOffset: number, keyframe: boolean, size: number): boolean {
    this.#settle();
    if (this.#video === null || size === 0 || (this.#waitForKeyframe && !keyframe)) return false;
    const time = this.#clock.map('video', dts, this.#options.now);
    if (this.#clock.jumped) this.#breakTimeline();
    else if (this.#lastVideoTime >= 0) this.#noteInterval(time - this.#lastVideoTime);

    if (this.#partTime >= 0) this.#closeBefore(time, keyframe, size);
    if (this.#partTime < 0) this.#openPart(time);
    if (this.#builder.video.count === 0) this.#openVideoOfPart(time, keyframe);
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
    this.#waitForKeyframe = false;
    this.#builder.endVideo(this.#openOffset, this.#openKeyframe);
    this.#lastVideoTime = this.#openTime;
    this.#audioTimeAtVideo = this.#audioTime;
    this.#settle();
  }

  beginAudio(dts: number, size: number): boolean {
    this.#audioOpen = -1;
    const audio = this.#audio;
    if (audio === null || size === 0) return false;
    const time = this.#clock.map('audio', dts, this.#options.now);
    if (this.#clock.jumped) this.#breakWhenWhole();
    const start = this.#audioClock.place(time, audio, this.#builder.audio);
    this.#audioTime = audioTicks(start, audio);
    if (!this.#videoOpen) this.#closeForAudio(this.#audioTime, audio);
    if (this.#builder.audio.count >= PART_LIMIT_FRAMES) return false;
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
      if (this.#partTime < 0) this.#openPart(audioTicks(this.#audioStart, audio));
    }
    this.#builder.addAudio(this.#audioOpen, audio.samplesPerFrame);
    this.#audioClock.next = this.#audioStart + audio.samplesPerFrame;
    this.#audioOpen = -1;
  }

  /** The connection is over: whole frames go out as a last segment, frames that are not whole are lost. Later calls are harmless. */
  close(): void {
    if (this.#closed) return;
    this.#breakTimeline();
    this.#closed = true;
    this.#video = null;
    this.#audio = null;
    this.target = NOTHING;
    this.#builder.close();
  }

  #breakWhenWhole(): void {
    this.#audioClock.reset();
    if (this.#videoOpen) this.#breakPending = true;
    else this.#breakTimeline();
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

  /** Within a run a part begins where the one before ended, so that durations add up to the time that passed. */
  #openPart(time: number): void {
    this.#partTime = this.#partEnd >= 0 ? this.#partEnd : time;
    this.#partIndependent = false;
    if (this.#segment.parts > 0) return;
    this.#segment.time = this.#partTime;
    this.#clock.correctWallClock(this.#partTime, this.#options.now());
  }

  /** The part gets its first video frame. */
  #openVideoOfPart(time: number, keyframe: boolean): void {
    this.#builder.videoBaseTime = time;
    this.#partIndependent = keyframe;
    // The first part is as long as its video: audio that came ahead of it would make the part longer than any part may be.
    if (!this.#initOut) this.#partTime = this.#segment.time = time;
  }

  #noteInterval(interval: number): void {
    const { video } = this.#builder;
    if (video.count > 0) video.durations[video.count - 1] = interval;
    this.#pace.start(interval, this.#video?.frameRate ?? null);
  }

  /** Closes the part, and the segment, that end where this video frame begins. */
  #closeBefore(time: number, keyframe: boolean, size: number): void {
    const { video, videoBytes } = this.#builder;
    // Audio that came ahead of the very first frame goes into one part with it.
    if (video.count === 0 && !this.#initOut) return;
    const full = video.count >= PART_LIMIT_FRAMES || videoBytes + size > PART_LIMIT_BYTES;
    const { interval, partTicks } = this.#pace;
    if (this.#segment.endsBefore(time, interval, keyframe, this.#partIndependent)) {
      this.#closePart(time);
      this.#endSegment();
    } else if (full || (time - this.#partTime + interval > partTicks && this.#mayClose(time))) {
      this.#closePart(time);
    }
  }

  /** The first part waits a moment for the configuration of an audio track that may come. */
  #mayClose(time: number): boolean {
    if (this.#initOut || this.#audio !== null || this.#announced?.audio === false) return true;
    return time - this.#partTime >= AUDIO_LEAD_TICKS / 2;
  }

  /** Closes a part that no video frame will close: the stream has none, or it stands still. */
  #closeForAudio(time: number, audio: AudioConfig): void {
    if (this.#partTime < 0) return;
    const full = this.#builder.audio.count >= PART_LIMIT_FRAMES;
    if (this.#video === null) {
      const inPart = time - this.#partTime;
      const frameTicks = audioTicks(audio.samplesPerFrame, audio);
      if (!full && !this.#initOut && this.#announced?.video !== false && inPart < AUDIO_LEAD_TICKS) return;
      this.#pace.start(frameTicks, null);
      if (!full && inPart + frameTicks <= this.#pace.partTicks) return;
      this.#closePart(time);
      if (time - this.#segment.time >= AUDIO_ONLY_SEGMENT_TICKS) this.#endSegment();
      return;
    }
    const still = time - Math.max(this.#partTime, this.#audioTimeAtVideo);
    if (!full && still <= Math.max(2 * this.#pace.partTicks, AUDIO_LEAD_TICKS)) return;
    if (this.#waitForKeyframe) {
      this.#dropPart();
      return;
    }
    this.#closePart(time);
    if (this.#segment.endsBefore(time, 0, false, false)) this.#endSegment();
  }

  #closePart(endTime: number): void {
    const { video, audio } = this.#builder;
    if (video.count === 0 && audio.count === 0) {
      this.#partTime = -1;
      return;
    }
    if (video.count > 0 && video.durations[video.count - 1] === 0) video.durations[video.count - 1] = this.#pace.interval;
    if (!this.#initOut) this.#putInit();
    this.#sequenceNumber += 1;
    const segmentStart = this.#segment.parts === 0;
    const programDateTimeMs = this.#clock.wallClock(this.#partTime);
    const bytes = this.#builder.finish({ sequenceNumber: this.#sequenceNumber, segmentStart, programDateTimeMs });
    const part: Part = {
      ...bytes,
      duration: Math.max(endTime - this.#partTime, 1),
      independent: video.count === 0 ? this.#video === null : this.#partIndependent,
      segmentStart,
      programDateTimeMs,
      videoFrames: video.count,
      targetMs: this.#pace.partTicks / TICKS_PER_MS,
    };
    this.#options.output.part(part);
    this.#anyOut = true;
    this.#segment.add(part.independent, bytes.end - bytes.start, video.count);
    this.#partEnd = this.#partTime + part.duration;
    this.#builder.next();
    this.#partTime = -1;
  }

  /** Forgets the frames that wait: their part will never be. */
  #dropPart(): void {
    this.#builder.clear();
    this.#partTime = -1;
  }

  #endSegment(): void {
    const { parts, time, frames } = this.#segment;
    if (parts === 0) return;
    this.#pace.measure(this.#partEnd - time, frames, this.#video?.frameRate ?? null);
    this.#segment.clear();
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
    // Audio alone can not be the first of a stream with video.
    if (this.#initOut || this.#builder.video.count > 0 || this.#video === null) this.#closePart(this.#endOfPart());
    else this.#dropPart();
    this.#endSegment();
    this.#lastVideoTime = this.#partEnd = this.#audioTime = this.#audioTimeAtVideo = -1;
    this.#audioClock.reset();
    if (!this.#anyOut) return;
    this.#initOut = false;
    this.#discontinuity = true;
  }

  #endOfPart(): number {
    if (this.#builder.video.count > 0) return Math.round(this.#lastVideoTime + this.#pace.interval);
    return this.#audio === null ? this.#partTime : audioTicks(this.#audioClock.next, this.#audio);
  }
}

function audioTicks(samples: number, audio: AudioConfig): number {
  return Math.round((samples * MEDIA_TIMESCALE) / audio.sampleRate);
}
