import { ProtocolError } from '../errors.ts';

/** What the body of an audio or video message is. `other`: nothing we read (metadata, seek commands, end of sequence). */
export type PacketKind = 'config' | 'frame' | 'other';

/** The tracks in a message of Enhanced RTMP: none told, one, many of one codec, many codecs. */
export const MULTITRACK = { none: -1, one: 0, many: 1, manyCodecs: 2 } as const;

/** The values in front of an audio or video message's body. One object is filled again and again. */
export interface MediaTag {
  kind: PacketKind;
  /** FourCC as Enhanced RTMP writes it; for older ids their FourCC too, or `video 4`, `audio 2`. '' where tracks tell their own. */
  codec: string;
  keyframe: boolean;
  /** A composition time offset of 24 bits stands in front of the body. */
  hasCompositionOffset: boolean;
  compositionOffsetMs: number;
  /** To be added to the message's timestamp. */
  nanoseconds: number;
  multitrack: number;
}

/** A tag to be filled by {@link decodeVideoTag} and {@link decodeAudioTag}. */
export function emptyMediaTag(): MediaTag {
  return {
    kind: 'other',
    codec: '',
    keyframe: false,
    hasCompositionOffset: false,
    compositionOffsetMs: 0,
    nanoseconds: 0,
    multitrack: MULTITRACK.none,
  };
}

const KEYFRAME = 1;
const COMMAND_FRAME = 5;
const LEGACY_VIDEO = new Map([
  [7, 'avc1'],
  // Not in any specification; written by Chinese encoders before Enhanced RTMP.
  [12, 'hvc1'],
]);
const AAC = 10;
const ENHANCED_AUDIO = 9;

/** Packet types of Enhanced RTMP v2: the low four bits of the first byte. Audio knows the first four and 4 and 5 of its own. */
const PACKET = { sequenceStart: 0, codedFrames: 1, codedFramesX: 3, multitrack: 6, audioMultitrack: 5, modEx: 7 } as const;
const MODEX_NANOSECONDS = 0;
const CODECS_WITH_OFFSET = new Set(['avc1', 'hvc1', 'vvc1']);

/**
 * Decodes what stands in front of a video message's body (Enhanced RTMP v2, "Enhanced Video"; FLV 10.1, E.4.3.1), up to the composition time
 * offset or the first track. Returns the bytes it takes; more than `have` when that many must be there first. Throws ProtocolError.
 */
export function decodeVideoTag(bytes: Uint8Array, have: number, tag: MediaTag): number {
  const first = bytes[0];
  const frameType = (first >> 4) & 7;
  clear(tag);
  tag.keyframe = frameType === KEYFRAME;
  if (first & 0x80) return decodeEnhanced(bytes, have, tag, PACKET.multitrack, frameType === COMMAND_FRAME);

  const codecId = first & 15;
  const codec = LEGACY_VIDEO.get(codecId);
  tag.codec = codec ?? `video ${codecId}`;
  if (frameType === COMMAND_FRAME) return 1;
  if (codec === undefined) {
    tag.kind = 'frame';
    return 1;
  }
  if (have < 2) return 2;
  tag.kind = bytes[1] === 0 ? 'config' : bytes[1] === 1 ? 'frame' : 'other';
  tag.hasCompositionOffset = true;
  return 2;
}

/** Decodes what stands in front of an audio message's body (Enhanced RTMP v2, "Enhanced Audio"; FLV 10.1, E.4.2.1), as decodeVideoTag. */
export function decodeAudioTag(bytes: Uint8Array, have: number, tag: MediaTag): number {
  const format = bytes[0] >> 4;
  clear(tag);
  if (format === ENHANCED_AUDIO) return decodeEnhanced(bytes, have, tag, PACKET.audioMultitrack, false);
  if (format !== AAC) {
    tag.codec = `audio ${format}`;
    tag.kind = 'frame';
    return 1;
  }
  tag.codec = 'mp4a';
  if (have < 2) return 2;
  tag.kind = bytes[1] === 0 ? 'config' : bytes[1] === 1 ? 'frame' : 'other';
  return 2;
}

function clear(tag: MediaTag): void {
  tag.kind = 'other';
  tag.codec = '';
  tag.keyframe = false;
  tag.hasCompositionOffset = false;
  tag.compositionOffsetMs = 0;
  tag.nanoseconds = 0;
  tag.multitrack = MULTITRACK.none;
}

function decodeEnhanced(bytes: Uint8Array, have: number, tag: MediaTag, multitrackType: number, isCommand: boolean): number {
  let type = bytes[0] & 15;
  let at = 1;
  while (type === PACKET.modEx) {
    if (have < at + 3) return at + 3;
    let size = bytes[at] + 1;
    at += 1;
    if (size === 256) {
      size = ((bytes[at] << 8) | bytes[at + 1]) + 1;
      at += 2;
    }
    if (have < at + size + 1) return at + size + 1;
    const modExType = bytes[at + size] >> 4;
    if (modExType === MODEX_NANOSECONDS && size >= 3) tag.nanoseconds = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
    type = bytes[at + size] & 15;
    at += size + 1;
  }
  if (isCommand) return at;
  if (type === multitrackType) {
    if (have < at + 1) return at + 1;
    tag.multitrack = bytes[at] >> 4;
    if (tag.multitrack > MULTITRACK.manyCodecs) throw new ProtocolError('bad_media_tag', `multitrack type ${tag.multitrack}`);
    type = bytes[at] & 15;
    at += 1;
  }
  if (type === PACKET.sequenceStart) tag.kind = 'config';
  else if (type === PACKET.codedFrames || (type === PACKET.codedFramesX && multitrackType === PACKET.multitrack))
    tag.kind = 'frame';
  tag.hasCompositionOffset = type === PACKET.codedFrames && multitrackType === PACKET.multitrack;
  if (tag.multitrack === MULTITRACK.manyCodecs) return at;
  if (have < at + 4) return at + 4;
  setFourCc(tag, bytes, at);
  return at + 4;
}

/** Sets the tag's codec from four bytes; only some codecs have a composition time offset. */
export function setFourCc(tag: MediaTag, bytes: Uint8Array, at: number): void {
  tag.codec = fourCc(bytes, at);
  if (!CODECS_WITH_OFFSET.has(tag.codec)) tag.hasCompositionOffset = false;
}

/** The codes of frames that come every few milliseconds are not made again each time. */
const KNOWN = new Map<number, string>();
for (const name of ['avc1', 'hvc1', 'vvc1', 'av01', 'vp08', 'vp09', 'mp4a', 'Opus', 'fLaC', 'ac-3', 'ec-3', '.mp3']) {
  KNOWN.set(new DataView(new TextEncoder().encode(name).buffer).getInt32(0), name);
}

function fourCc(bytes: Uint8Array, at: number): string {
  const value = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  return KNOWN.get(value) ?? `code ${(value >>> 0).toString(16).padStart(8, '0')}`;
}
