import { copyBytes } from '../bytes/copy-bytes.ts';
import { ProtocolError } from '../errors.ts';
import { decodeAudioTag, decodeVideoTag, emptyMediaTag, MULTITRACK, setFourCc } from './media-tag.ts';
import type { MediaTag } from './media-tag.ts';

/** Where one track's frames and configurations go. */
export interface TrackReceiver {
  /** A codec configuration; the bytes may be kept. */
  config(codec: string, record: Uint8Array): void;
  /** As AccessUnitSink.beginVideo: true when the frame's bytes are to be written at `target`. */
  begin(tag: MediaTag, timestampMs: number, size: number): boolean;
  /** All bytes of the frame that was begun are in place. */
  end(): void;
  readonly target: Uint8Array;
  readonly targetOffset: number;
}

type Phase = 'head' | 'track' | 'offset' | 'config' | 'frame' | 'skip';

const LONGEST_HEAD = 512;
const FOUR_CC_BYTES = 4;
const OFFSET_BYTES = 3;
const NOTHING = new Uint8Array(0);

/**
 * Takes the audio or the video messages of a connection apart while they come: the few bytes in front are collected, a frame's bytes
 * are copied once, to where the receiver wants them. Of several tracks in a message only track 0 is read.
 */
export class MediaReader {
  readonly #receiver: TrackReceiver;
  readonly #decode: (bytes: Uint8Array, have: number, tag: MediaTag) => number;
  readonly #maxConfigBytes: number;
  readonly #tag: MediaTag = emptyMediaTag();
  #timestampMs = 0;
  /** Bytes of the message that are still to come. */
  #messageLeft = 0;
  #phase: Phase = 'head';
  /** The bytes of `head`, `track` and `offset`, and how many are wanted before they can be read. */
  readonly #head = new Uint8Array(LONGEST_HEAD);
  #have = 0;
  #wanted = 0;
  /** The bytes of `config` and `frame` go here; how many are still to come, of `skip` too. */
  #target: Uint8Array = NOTHING;
  #targetOffset = 0;
  #left = 0;
  /** Behind what is skipped another track begins. */
  #trackFollows = false;

  constructor(kind: 'audio' | 'video', receiver: TrackReceiver, maxConfigBytes: number) {
    this.#receiver = receiver;
    this.#decode = kind === 'video' ? decodeVideoTag : decodeAudioTag;
    this.#maxConfigBytes = maxConfigBytes;
  }

  /** A message of `length` bytes begins; one before it that was not whole is given up. */
  begin(timestampMs: number, length: number): void {
    this.#timestampMs = timestampMs;
    this.#messageLeft = length;
    this.#collect('head', 1);
  }

  /** The next `count` bytes of the message, never more than it has. Throws ProtocolError. */
  push(bytes: Uint8Array, offset: number, count: number): void {
    let at = offset;
    const end = offset + count;
    while (at < end) {
      if (this.#have < this.#wanted) {
        this.#head[this.#have] = bytes[at];
        this.#have += 1;
        this.#messageLeft -= 1;
        at += 1;
        if (this.#have === this.#wanted) this.#readHead();
        continue;
      }
      const piece = Math.min(this.#left, end - at);
      if (this.#phase !== 'skip') {
        copyBytes(bytes, at, piece, this.#target, this.#targetOffset);
        this.#targetOffset += piece;
      }
      at += piece;
      this.#left -= piece;
      this.#messageLeft -= piece;
      if (this.#left === 0) this.#endBody();
    }
  }

  #collect(phase: 'head' | 'track' | 'offset', wanted: number): void {
    this.#phase = phase;
    this.#have = 0;
    this.#wanted = wanted;
  }

  #readHead(): void {
    if (this.#phase === 'head') {
      const length = this.#decode(this.#head, this.#have, this.#tag);
      if (length > LONGEST_HEAD) throw new ProtocolError('bad_media_tag', `${length} bytes in front of the media`);
      if (length > this.#have) this.#wanted = length;
      else if (this.#tag.kind === 'other') this.#skip(this.#messageLeft, false);
      else if (this.#tag.multitrack === MULTITRACK.none) this.#beginPacket(this.#messageLeft);
      else this.#beginTrack();
    } else if (this.#phase === 'track') {
      this.#readTrack();
    } else {
      this.#tag.compositionOffsetMs = ((this.#head[0] << 24) | (this.#head[1] << 16) | (this.#head[2] << 8)) >> 8;
      this.#beginBody(this.#left);
    }
  }

  #beginTrack(): void {
    const fourCcBytes = this.#tag.multitrack === MULTITRACK.manyCodecs ? FOUR_CC_BYTES : 0;
    this.#collect('track', fourCcBytes + 1 + (this.#tag.multitrack === MULTITRACK.one ? 0 : 3));
  }

  #readTrack(): void {
    const head = this.#head;
    const at = this.#tag.multitrack === MULTITRACK.manyCodecs ? FOUR_CC_BYTES : 0;
    const size =
      this.#tag.multitrack === MULTITRACK.one ? this.#messageLeft : (head[at + 1] << 16) | (head[at + 2] << 8) | head[at + 3];
    if (size > this.#messageLeft) throw new ProtocolError('bad_media_tag', `a track of ${size} bytes in ${this.#messageLeft}`);
    if (head[at] !== 0) {
      this.#skip(size, true);
      return;
    }
    if (at > 0) setFourCc(this.#tag, head, 0);
    this.#beginPacket(size);
  }

  #beginPacket(size: number): void {
    if (!this.#tag.hasCompositionOffset) {
      this.#beginBody(size);
    } else if (size > OFFSET_BYTES) {
      this.#left = size - OFFSET_BYTES;
      this.#collect('offset', OFFSET_BYTES);
    } else {
      this.#skip(this.#messageLeft, false);
    }
  }

  #beginBody(size: number): void {
    // Empty frames and configurations are sent by some encoders, and mean nothing.
    if (size === 0) {
      this.#skip(this.#messageLeft, false);
    } else if (this.#tag.kind === 'config') {
      if (size > this.#maxConfigBytes) throw new ProtocolError('config_too_long', `a codec configuration of ${size} bytes`);
      this.#target = new Uint8Array(size);
      this.#targetOffset = 0;
      this.#phase = 'config';
      this.#left = size;
    } else if (this.#receiver.begin(this.#tag, this.#timestampMs, size)) {
      this.#target = this.#receiver.target;
      this.#targetOffset = this.#receiver.targetOffset;
      this.#phase = 'frame';
      this.#left = size;
    } else {
      this.#skip(this.#messageLeft, false);
    }
  }

  #skip(size: number, trackFollows: boolean): void {
    this.#phase = 'skip';
    this.#left = size;
    this.#trackFollows = trackFollows;
    if (size === 0 && trackFollows) this.#beginTrack();
  }

  #endBody(): void {
    const phase = this.#phase;
    const target = this.#target;
    this.#target = NOTHING;
    if (phase === 'skip' && this.#trackFollows) {
      this.#beginTrack();
      return;
    }
    this.#skip(this.#messageLeft, false);
    if (phase === 'frame') this.#receiver.end();
    else if (phase === 'config') this.#receiver.config(this.#tag.codec, target);
  }
}
