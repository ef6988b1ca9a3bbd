import { copyBytes } from '../bytes/copy-bytes.ts';
import { fragmentHeaderBytes, maxFragmentHeaderBytes, writeFragmentHeader } from '../mp4/fragment.ts';
import { createSampleColumns } from '../mp4/sample-columns.ts';
import type { SampleColumns } from '../mp4/sample-columns.ts';
import { AUDIO_TRACK_ID, VIDEO_TRACK_ID } from '../mp4/init-segment.ts';
import { AudioStaging } from './audio-staging.ts';
import type { Block, BlockPool, PartMemory } from './block-pool.ts';

/** Samples that room for a header is left for before the first part has shown how many there are. */
const FIRST_HEADER_SAMPLES = 48;
/** What a part has behind its first frame is taken for no more than this share less than the part before had. */
const REST_KEPT = 0.95;
/** What the very first part is thought to have there. */
const FIRST_REST_BYTES = 32 * 1024;
const NOTHING = new Uint8Array(0);

/** Where and how a part begins. */
export interface PartOpening {
  readonly sequenceNumber: number;
  readonly segmentStart: boolean;
  readonly programDateTimeMs: number;
}

/** A finished part's bytes: `[styp prft] moof mdat` at start to end of the block's, which stays the builder's: retain it to keep it. */
export interface PartBytes {
  readonly block: PartMemory;
  readonly start: number;
  readonly end: number;
}

/**
 * Builds one part at a time, each in a block of memory of its own. Video frames are written where they stay; room for the header is left in front of them,
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
    return this.#block?.bytes ?? NOTHING;
  }

  readonly #pool: BlockPool;
  /** Of the part that is being built, from its first video frame on. */
  #block: Block | null = null;
  /** Where the payload of the part begins; `#position` is behind its last whole video frame. */
  #payload = 0;
  #position = 0;
  /** Room in front of the payload of this part, and what to leave in front of the next. */
  #room = maxFragmentHeaderBytes(FIRST_HEADER_SAMPLES, FIRST_HEADER_SAMPLES);
  #nextRoom = this.#room;
  /** Bytes that the part is thought to have behind its first frame, which may be a keyframe: all but that are much alike. */
  #rest = FIRST_REST_BYTES;
  #openBytes = 0;

  constructor(pool: BlockPool) {
    this.#pool = pool;
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
    const block = this.#makeRoom(audioBytes, headerBytes);
    this.staging.drain(block.bytes, this.#position);
    const start = this.#payload - headerBytes;
    writeFragmentHeader(block.bytes, start, {
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
    const end = this.#position + audioBytes;
    block.trim(end);
    const rest = end - this.#payload - (this.video.count > 0 ? this.video.sizes[0] : 0);
    this.#rest = Math.max(rest, this.#rest * REST_KEPT);
    this.#nextRoom = maxFragmentHeaderBytes(this.video.count + 4, this.audio.count + 4);
    return { block, start, end };
  }

  /** Makes ready for the next part; call it when the finished one has been handed on. */
  next(): void {
    this.video.count = 0;
    this.audio.count = 0;
    this.#openBytes = 0;
    this.#room = this.#nextRoom;
    this.close();
  }

  /** Forgets what the part holds. */
  clear(): void {
    this.video.count = 0;
    this.audio.count = 0;
    this.staging.clear();
    this.#openBytes = 0;
    this.#position = this.#payload;
  }

  /** Gives the memory back. */
  close(): void {
    this.#block?.release();
    this.#block = null;
    this.#payload = this.#position = 0;
  }

  /** Room for so many more bytes behind the whole frames, and for a header in front: else the part moves to another block. */
  #makeRoom(bytes: number, headerBytes = 0): Block {
    const old = this.#block;
    if (old !== null && this.#position + bytes <= old.end && headerBytes <= this.#room) return old;
    const whole = this.videoBytes;
    // A header is asked for last: nothing comes behind.
    const rest = headerBytes > 0 ? 0 : Math.max(this.#rest, whole);
    this.#room = Math.max(this.#room, headerBytes, maxFragmentHeaderBytes(this.video.count * 2, this.audio.count * 2));
    const block = this.#pool.take(this.#room + whole + bytes + rest);
    const payload = block.start + this.#room;
    if (old !== null) copyBytes(old.bytes, this.#payload, whole, block.bytes, payload);
    old?.release();
    this.#block = block;
    this.#payload = payload;
    this.#position = payload + whole;
    return block;
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
