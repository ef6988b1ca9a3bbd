/** Clock of every dts, pts and video duration in this code base, in ticks a second (ISO/IEC 13818-1 system clock / 300). */
export const MEDIA_TIMESCALE = 90_000;

export type VideoCodec = 'avc' | 'hevc' | 'av1';
export type AudioCodec = 'aac' | 'opus';

/** What a decoder needs to know of a video track. `record` is the codec's configuration record as it stands in `avcC`, `hvcC`, `av1C`. */
export interface VideoConfig {
  readonly kind: 'video';
  readonly codec: VideoCodec;
  /** RFC 6381 codecs parameter, such as `avc1.64001f`. */
  readonly codecString: string;
  readonly width: number;
  readonly height: number;
  /** Display aspect of one pixel, 1:1 when the stream does not say. */
  readonly pixelAspect: { readonly h: number; readonly v: number };
  /** Frames a second as the parameter sets tell (VUI timing), or null. */
  readonly frameRate: number | null;
  /** Absent when the parameter sets do not tell. */
  readonly colour?: VideoColour;
  readonly record: Uint8Array;
}

/** What a decoder needs to know of an audio track. `record` is the AudioSpecificConfig (AAC) or the body of `dOps` (Opus). */
export interface AudioConfig {
  readonly kind: 'audio';
  readonly codec: AudioCodec;
  /** RFC 6381 codecs parameter, such as `mp4a.40.2`. */
  readonly codecString: string;
  readonly sampleRate: number;
  readonly channelCount: number;
  /** PCM samples an access unit decodes to: 1024 or 960 for AAC-LC, 2048 for HE-AAC as seen at its output rate. */
  readonly samplesPerFrame: number;
  readonly record: Uint8Array;
}

/** How samples become colours, by the code points of ISO/IEC 23091-2 (2: unspecified). */
export interface VideoColour {
  readonly primaries: number;
  readonly transfer: number;
  readonly matrix: number;
  readonly fullRange: boolean;
}

export type TrackConfig = VideoConfig | AudioConfig;

/** True when both describe the same decoder set-up, byte for byte. */
export function sameConfig(a: TrackConfig | null, b: TrackConfig | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.codec !== b.codec || a.record.length !== b.record.length) return false;
  for (let i = 0; i < a.record.length; i += 1) if (a.record[i] !== b.record[i]) return false;
  return true;
}
