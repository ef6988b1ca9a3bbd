import type { AudioConfig, TrackConfig, VideoConfig } from '../media/track.ts';
import { MEDIA_TIMESCALE } from '../media/track.ts';
import { BoxWriter } from './box-writer.ts';
import { putAudioSampleEntry, putVisualSampleEntry } from './sample-entry.ts';
import { NON_SYNC_SAMPLE_FLAGS, SYNC_SAMPLE_FLAGS } from './track-fragment.ts';

export const VIDEO_TRACK_ID = 1;
export const AUDIO_TRACK_ID = 2;

const MATRIX = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];
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
  const out = new BoxWriter();
  out.box('ftyp', () => out.codes('iso6').u32(0).codes('iso6', 'mp41'));
  out.box('moov', () => {
    out.fullBox('mvhd', 0, 0, () => {
      out.u32s(0, 0, 1000, 0, 0x1_0000, 0x0100_0000, 0, 0);
      out
        .u32s(...MATRIX)
        .zeros(24)
        .u32(AUDIO_TRACK_ID + 1);
    });
    for (const config of configs) putTrack(out, config);
    out.box('mvex', () => {
      for (const config of configs) putTrackExtends(out, config);
    });
  });
  return out.take();
}

function trackIdOf(config: TrackConfig): number {
  return config.kind === 'video' ? VIDEO_TRACK_ID : AUDIO_TRACK_ID;
}

function putTrack(out: BoxWriter, config: TrackConfig): void {
  const video = config.kind === 'video';
  const [width, height] = video ? displaySize(config) : [0, 0];
  out.box('trak', () => {
    // enabled, in movie, in preview
    out.fullBox('tkhd', 0, 7, () => {
      out.u32s(0, 0, trackIdOf(config), 0, 0, 0, 0).u16s(0, 0, video ? 0 : 0x0100, 0);
      out.u32s(...MATRIX).u32s(width << 16, height << 16);
    });
    out.box('mdia', () => {
      out.fullBox('mdhd', 0, 0, () => out.u32s(0, 0, timescaleOf(config), 0).u16s(UNDETERMINED_LANGUAGE, 0));
      const handler = video ? 'vide' : 'soun';
      out.fullBox('hdlr', 0, 0, () => out.u32(0).codes(handler).u32s(0, 0, 0).u8(0));
      out.box('minf', () => {
        if (video) out.fullBox('vmhd', 0, 1, () => out.u32s(0, 0));
        else out.fullBox('smhd', 0, 0, () => out.u32(0));
        out.box('dinf', () => out.fullBox('dref', 0, 0, () => out.u32(1).fullBox('url ', 0, 1)));
        out.box('stbl', () => putSampleTables(out, config));
      });
    });
  });
}

function putSampleTables(out: BoxWriter, config: TrackConfig): void {
  out.fullBox('stsd', 0, 0, () => {
    out.u32(1);
    if (config.kind === 'video') putVisualSampleEntry(out, config);
    else putAudioSampleEntry(out, config);
  });
  out.fullBox('stts', 0, 0, () => out.u32(0));
  out.fullBox('stsc', 0, 0, () => out.u32(0));
  out.fullBox('stsz', 0, 0, () => out.u32s(0, 0));
  out.fullBox('stco', 0, 0, () => out.u32(0));
}

function putTrackExtends(out: BoxWriter, config: TrackConfig): void {
  const flags = config.kind === 'video' ? NON_SYNC_SAMPLE_FLAGS : SYNC_SAMPLE_FLAGS;
  out.fullBox('trex', 0, 0, () => out.u32s(trackIdOf(config), 1, 0, 0, flags));
}

/** Width and height to show, in square pixels of the coded height. */
function displaySize(config: VideoConfig): [width: number, height: number] {
  const { h, v } = config.pixelAspect;
  return [Math.min(0xffff, Math.max(1, Math.round((config.width * h) / v))), config.height];
}
