import { copyBytes } from '../bytes/copy-bytes.ts';
import { MEDIA_TIMESCALE } from '../media/track.ts';
import { fragmentHeaderBytes, maxFragmentHeaderBytes, writeFragmentHeader } from '../mp4/fragment.ts';
import { createSampleColumns } from '../mp4/sample-columns.ts';
import type { SampleColumns } from '../mp4/sample-columns.ts';
import { AUDIO_TRACK_ID, VIDEO_TRACK_ID } from '../mp4/init-segment.ts';
import { AudioStaging } from './audio-staging.ts';
import type { Block, BlockPool, PartMemory } from './block-pool.ts';

/** What a block holds at the least, in seconds of the stream at its measured rate, and what is enough however fast it is. */
const BLOCK_SECONDS = 1.5;
const ENOUGH_BYTES = 16 * 1024 * 1024;
/** Samples that room for a header is left for before the first part has shown how many there are. */
const FIRST_HEADER_SAMPLES = 48;

/** Where and how a part begins. */
export interface PartOpening {
  readonly sequenceNumber: number;
  readonly segmentStart: boolean;
  readonly programDateTimeMs: number;
}

/** A finished part's bytes: `[styp prft] moof mdat` at start to end of the block, which stays the builder's: retain it to keep it. */
export interface PartBytes {
  readonly block: PartMemory;
  readonly start: number;
  readonly end: number;
}

/**
 * Builds one part at a time in blocks of memory. Video frames are written where they stay; room for the header is left in front of them,
 * the audio that came meanwhile is put behind them, and the header is written last, so that a part is one run of bytes.
 */
export class PartBuilder {
  video = createSampleColumns(64);
  audio = createSampleColumns(64);
  /** Decode time of the first sample of the part: video in ticks of MEDIA_TIMESCALE, audio in samples. */
  videoBaseTime = 0;
  audioBaseTime = 0;
  readonly staging = new AudioStaging();
  /** Where the bytes of a video frame go. */
  get target(): Uint8Array {
    return this.#block.bytes;
  }

  readonly #pool: BlockPool;
  #block: Block;
  /** Where the payload of the part begins; `#position` is behind its last whole video frame. */
  #payload: number;
  #position: number;
  /** Room in front of the payload of this part, and what to leave in front of the next. */
  #room = maxFragmentHeaderBytes(FIRST_HEADER_SAMPLES, FIRST_HEADER_SAMPLES);
  #nextRoom = this.#room;
  #largestPart = 0;
  #blockBytes = 0;
  #openBytes = 0;
  /** Bytes and duration of the parts since the rate of the stream was measured last. */
  #rateBytes = 0;
  #rateTicks = 0;

  constructor(pool: BlockPool) {
    this.#pool = pool;
    this.#block = pool.take(1);
    this.#payload = this.#position = this.#room;
  }

  get videoBytes(): number {
    return this.#position - this.#payload;
  }

  /** Room for a video frame: its offset in `target`. A frame that was begun and not ended is forgotten. */
  beginVideo(size: number): number {
    this.#makeRoom(size + this.staging.stagedBytes);
    this.#openBytes = size;
    return this.#position;
  }

  /** The frame begun last is whole. Its duration is filled in when the next one is known. */
  endVideo(compositionOffset: number, sync: boolean): void {
    if (this.video.count === this.video.sizes.length) this.video = grownColumns(this.video);
    const { video } = this;
    video.sizes[video.count] = this.#openBytes;
    video.durations[video.count] = 0;
    video.compositionOffsets[video.count] = compositionOffset;
    video.flags[video.count] = sync ? 1 : 0;
    video.count += 1;
    this.#position += this.#openBytes;
  }

  /** An audio frame is whole in the staging. Duration in samples. */
  addAudio(size: number, duration: number): void {
    if (this.audio.count === this.audio.sizes.length) this.audio = grownColumns(this.audio);
    this.audio.sizes[this.audio.count] = size;
    this.audio.durations[this.audio.count] = duration;
    this.audio.count += 1;
  }

  /** Puts the part together. The bytes stay as they are for as long as the block is held. */
  finish(opening: PartOpening): PartBytes {
    const audioBytes = this.staging.stagedBytes;
    const headerBytes = fragmentHeaderBytes(this.video, this.audio, opening.segmentStart);
    this.#makeRoom(audioBytes, headerBytes);
    this.staging.drain(this.#block.bytes, this.#position);
    const start = this.#payload - headerBytes;
    writeFragmentHeader(this.#block.bytes, start, {
      sequenceNumber: opening.sequenceNumber,
      segmentStart: opening.segmentStart,
      programDateTimeMs: opening.programDateTimeMs,
      video: {
        trackId: VIDEO_TRACK_ID,
        baseMediaDecodeTime: this.videoBaseTime,
        samples: this.video,
        dataBytes: this.videoBytes,
      },
      audio: { trackId: AUDIO_TRACK_ID, baseMediaDecodeTime: this.audioBaseTime, samples: this.audio, dataBytes: audioBytes },
    });
    const part = { block: this.#block, start, end: this.#position + audioBytes };
    this.#largestPart = Math.max(part.end - part.start, this.#largestPart * 0.95);
    this.#nextRoom = maxFragmentHeaderBytes(this.video.count + 4, this.audio.count + 4);
    return part;
  }

  /** Makes ready for the next part; call it when the finished one, so many ticks long, has been handed on. */
  next(finished: PartBytes, duration: number): void {
    this.#measure(finished.end - finished.start, duration);
    this.video.count = 0;
    this.audio.count = 0;
    this.#openBytes = 0;
    this.#room = this.#nextRoom;
    this.#payload = this.#position = finished.end + this.#room;
    if (this.#payload + this.#largestPart * 1.25 <= this.#block.bytes.length) return;
    const full = this.#block;
    this.#block = this.#pool.take(Math.max(this.#blockBytes, this.#room + this.#largestPart * 2));
    this.#payload = this.#position = this.#room;
    full.release();
  }

  /** Forgets what the part holds. */
  clear(): void {
    this.video.count = 0;
    this.audio.count = 0;
    this.staging.clear();
    this.#openBytes = 0;
    this.#position = this.#payload;
  }

  /** Gives the memory back: no call but this one may follow. */
  close(): void {
    this.#block.release();
  }

  /** The rate of the stream sizes the next blocks. */
  #measure(bytes: number, duration: number): void {
    this.#rateBytes += bytes;
    this.#rateTicks += duration;
    if (this.#rateTicks < MEDIA_TIMESCALE) return;
    const bytesPerSecond = (this.#rateBytes * MEDIA_TIMESCALE) / this.#rateTicks;
    this.#blockBytes = Math.min(bytesPerSecond * BLOCK_SECONDS, ENOUGH_BYTES);
    this.#rateBytes = this.#rateTicks = 0;
  }

  /** Room for so many more bytes behind the whole frames, and for a header in front: else the part moves to a new block. */
  #makeRoom(bytes: number, headerBytes = 0): void {
    if (this.#position + bytes <= this.#block.bytes.length && headerBytes <= this.#room) return;
    const old = this.#block;
    const whole = this.videoBytes;
    this.#room = Math.max(this.#room, headerBytes, maxFragmentHeaderBytes(this.video.count * 2, this.audio.count * 2));
    this.#block = this.#pool.take(Math.max(this.#blockBytes, this.#room + whole + bytes + this.#largestPart));
    copyBytes(old.bytes, this.#payload, whole, this.#block.bytes, this.#room);
    this.#payload = this.#room;
    this.#position = this.#payload + whole;
    old.release();
  }
}

function grownColumns(from: SampleColumns): SampleColumns {
  const grown = createSampleColumns(from.sizes.length * 2);
  grown.count = from.count;
  grown.sizes.set(from.sizes);
  grown.durations.set(from.durations);
  grown.compositionOffsets.set(from.compositionOffsets);
  grown.flags.set(from.flags);
  return grown;
}
