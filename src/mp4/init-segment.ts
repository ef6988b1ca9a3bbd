import type { AudioConfig, TrackConfig, VideoConfig } from '../media/track.ts';
import { MEDIA_TIMESCALE } from '../media/track.ts';
import { codes, encodeBox, encodeFullBox, uint16s, uint32s } from './box.ts';
import { encodeAudioSampleEntry, encodeVisualSampleEntry } from './sample-entry.ts';
import { NON_SYNC_SAMPLE_FLAGS, SYNC_SAMPLE_FLAGS } from './track-fragment.ts';

export const VIDEO_TRACK_ID = 1;
export const AUDIO_TRACK_ID = 2;

const MATRIX = uint32s(0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000);
const UNDETERMINED_LANGUAGE = 0x55c4;

/** Ticks a second of the track's clock: MEDIA_TIMESCALE for video, the sample rate for audio. */
export function timescaleOf(config: TrackConfig): number {
  return config.kind === 'video' ? MEDIA_TIMESCALE : config.sampleRate;
}

/**
 * The initialization segment of a session: `ftyp` and a `moov` that promises fragments. Video is track 1, audio track 2; either may be null.
 * There is no edit list: composition offsets are signed, so presentation starts where decoding does. ISO/IEC 14496-12 sections 4.3 and 8.
 */
export function encodeInitSegment(tracks: { video: VideoConfig | null; audio: AudioConfig | null }): Uint8Array {
  const configs = [tracks.video, tracks.audio].filter((config) => config !== null);
  const fileType = encodeBox('ftyp', codes('iso6'), uint32s(0), codes('iso6', 'mp41'));
  const movie = encodeBox(
    'moov',
    encodeFullBox(
      'mvhd',
      0,
      0,
      uint32s(0, 0, 1000, 0, 0x1_0000, 0x0100_0000, 0, 0),
      MATRIX,
      new Uint8Array(24),
      uint32s(AUDIO_TRACK_ID + 1),
    ),
    ...configs.map(encodeTrack),
    encodeBox('mvex', ...configs.map(encodeTrackExtends)),
  );
  const bytes = new Uint8Array(fileType.length + movie.length);
  bytes.set(fileType);
  bytes.set(movie, fileType.length);
  return bytes;
}

function trackIdOf(config: TrackConfig): number {
  return config.kind === 'video' ? VIDEO_TRACK_ID : AUDIO_TRACK_ID;
}

function encodeTrack(config: TrackConfig): Uint8Array {
  const video = config.kind === 'video';
  const [width, height] = video ? displaySize(config) : [0, 0];
  return encodeBox(
    'trak',
    encodeFullBox(
      'tkhd',
      0,
      7, // enabled, in movie, in preview
      uint32s(0, 0, trackIdOf(config), 0, 0, 0, 0),
      uint16s(0, 0, video ? 0 : 0x0100, 0),
      MATRIX,
      uint32s(width << 16, height << 16),
    ),
    encodeBox(
      'mdia',
      encodeFullBox('mdhd', 0, 0, uint32s(0, 0, timescaleOf(config), 0), uint16s(UNDETERMINED_LANGUAGE, 0)),
      encodeFullBox('hdlr', 0, 0, uint32s(0), codes(video ? 'vide' : 'soun'), uint32s(0, 0, 0), new Uint8Array(1)),
      encodeBox(
        'minf',
        video ? encodeFullBox('vmhd', 0, 1, uint32s(0, 0)) : encodeFullBox('smhd', 0, 0, uint32s(0)),
        encodeBox('dinf', encodeFullBox('dref', 0, 0, uint32s(1), encodeFullBox('url ', 0, 1))),
        encodeBox(
          'stbl',
          encodeFullBox('stsd', 0, 0, uint32s(1), video ? encodeVisualSampleEntry(config) : encodeAudioSampleEntry(config)),
          encodeFullBox('stts', 0, 0, uint32s(0)),
          encodeFullBox('stsc', 0, 0, uint32s(0)),
          encodeFullBox('stsz', 0, 0, uint32s(0, 0)),
          encodeFullBox('stco', 0, 0, uint32s(0)),
        ),
      ),
    ),
  );
}

function encodeTrackExtends(config: TrackConfig): Uint8Array {
  const flags = config.kind === 'video' ? NON_SYNC_SAMPLE_FLAGS : SYNC_SAMPLE_FLAGS;
  return encodeFullBox('trex', 0, 0, uint32s(trackIdOf(config), 1, 0, 0, flags));
}

/** Width and height to show, in square pixels of the coded height. */
function displaySize(config: VideoConfig): [width: number, height: number] {
  const { h, v } = config.pixelAspect;
  return [Math.min(0xffff, Math.max(1, Math.round((config.width * h) / v))), config.height];
}
