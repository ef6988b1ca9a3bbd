import type { AudioConfig, VideoConfig } from './track.ts';

/**
 * Where access units go when they leave a protocol room. The protocol announces each frame before its bytes are all there; the
 * sink answers with the place the bytes belong in, so that a frame is copied once, from the socket's buffer to its part.
 *
 * Per track, calls come as begin, (bytes are written to `target`), end or abort; a video and an audio frame may be open at once, two of the
 * same track never. `dts` and `compositionOffset` are ticks of MEDIA_TIMESCALE; dts is unwrapped (grows past 2^32 ms) but may
 * jump either way when the publisher's clock does: the sink copes.
 */
export interface AccessUnitSink {
  /** What the publisher says of its tracks before they come (onMetaData). A hint: frames of a track that was not announced are taken all the same. */
  announceTracks(video: boolean, audio: boolean): void;
  /** A video configuration record came (also when it is the same as before). Never called while a video frame is open. */
  videoConfig(config: VideoConfig): void;
  /** An audio configuration came (also when it is the same as before). Never called while an audio frame is open. */
  audioConfig(config: AudioConfig): void;
  /**
   * A coded video frame of `size` bytes begins (length-prefixed NAL units for AVC and HEVC, OBUs for AV1; no FLV header).
   * True: write its bytes at `target`, from `targetOffset` on, later if need be (keep both values: the properties are reused). False: discard it.
   */
  beginVideo(dts: number, compositionOffset: number, keyframe: boolean, size: number): boolean;
  /** All bytes of the open video frame are in place. */
  endVideo(): void;
  /** A raw audio frame of `size` bytes begins; as beginVideo. */
  beginAudio(dts: number, size: number): boolean;
  endAudio(): void;
  /** What the publisher sends within so many ms, at the pace it has, is awaited by nobody. 0: not known. */
  readonly quietMs: number;
  readonly target: Uint8Array;
  readonly targetOffset: number;
}
