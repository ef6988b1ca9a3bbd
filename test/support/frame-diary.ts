import type { AccessUnitSink } from '../../src/media/access-unit-sink.ts';
import type { AudioConfig, VideoConfig } from '../../src/media/track.ts';

/** A frame as a sink was told of it; times in ticks. */
export interface DiaryFrame {
  readonly dts: number;
  readonly compositionOffset: number;
  readonly keyframe: boolean;
  readonly data: Uint8Array;
}

/** A sink that keeps all it is told, and holds the protocol to the rules of the seam. */
export class FrameDiary implements AccessUnitSink {
  target: Uint8Array = new Uint8Array(0);
  targetOffset = 0;
  readonly quietMs = 0;
  readonly videoConfigs: VideoConfig[] = [];
  readonly audioConfigs: AudioConfig[] = [];
  readonly video: DiaryFrame[] = [];
  readonly audio: DiaryFrame[] = [];
  readonly announced: [boolean, boolean][] = [];
  /** Frames that were begun and never ended. */
  abandoned = 0;
  /** False: refuse the frames that come. */
  taking = true;
  #openVideo: DiaryFrame | null = null;
  #openAudio: DiaryFrame | null = null;

  announceTracks(video: boolean, audio: boolean): void {
    this.announced.push([video, audio]);
  }

  videoConfig(config: VideoConfig): void {
    if (this.#openVideo !== null) this.abandoned += 1;
    this.#openVideo = null;
    this.videoConfigs.push(config);
  }

  audioConfig(config: AudioConfig): void {
    if (this.#openAudio !== null) this.abandoned += 1;
    this.#openAudio = null;
    this.audioConfigs.push(config);
  }

  beginVideo(dts: number, compositionOffset: number, keyframe: boolean, size: number): boolean {
    if (this.#openVideo !== null) this.abandoned += 1;
    this.#openVideo = this.taking ? { dts, compositionOffset, keyframe, data: this.#place(size) } : null;
    return this.taking;
  }

  endVideo(): void {
    if (this.#openVideo === null) throw new Error('endVideo without beginVideo');
    this.video.push(this.#openVideo);
    this.#openVideo = null;
  }

  beginAudio(dts: number, size: number): boolean {
    if (this.#openAudio !== null) this.abandoned += 1;
    this.#openAudio = this.taking ? { dts, compositionOffset: 0, keyframe: true, data: this.#place(size) } : null;
    return this.taking;
  }

  endAudio(): void {
    if (this.#openAudio === null) throw new Error('endAudio without beginAudio');
    this.audio.push(this.#openAudio);
    this.#openAudio = null;
  }

  /** A place inside a larger block, as the packager has it, with what must not be touched on both sides. */
  #place(size: number): Uint8Array {
    const block = new Uint8Array(size + 32).fill(0xa5);
    this.target = block;
    this.targetOffset = 16;
    return block.subarray(16, 16 + size);
  }
}

/** Whether a frame's bytes, and nothing around them, were written. */
export function intact(frame: DiaryFrame): boolean {
  const block = new Uint8Array(frame.data.buffer);
  return block.subarray(0, 16).every((byte) => byte === 0xa5) && block.subarray(-16).every((byte) => byte === 0xa5);
}
