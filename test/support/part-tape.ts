import assert from 'node:assert/strict';
import type { AudioConfig, VideoConfig } from '../../src/media/track.ts';
import { BlockPool } from '../../src/packager/block-pool.ts';
import type { Block, PartMemory } from '../../src/packager/block-pool.ts';
import type { Slab } from '../../src/packager/slab.ts';
import { Packager } from '../../src/packager/packager.ts';
import type { PackagerOptions } from '../../src/packager/packager.ts';
import type { InitSegment, PackagerOutput, Part } from '../../src/packager/packager.ts';
import { SessionClock } from '../../src/packager/session-clock.ts';
import { readFragmentSamples } from './fragment-samples.ts';
import type { FragmentSamples, Sample } from './fragment-samples.ts';

export const VIDEO: VideoConfig = {
  kind: 'video',
  codec: 'avc',
  codecString: 'avc1.64001f',
  width: 1280,
  height: 720,
  pixelAspect: { h: 1, v: 1 },
  frameRate: null,
  record: Uint8Array.of(1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 0, 0),
};

export const AUDIO: AudioConfig = {
  kind: 'audio',
  codec: 'aac',
  codecString: 'mp4a.40.2',
  sampleRate: 48_000,
  channelCount: 2,
  samplesPerFrame: 1024,
  record: Uint8Array.of(0x11, 0x90),
};

const FREE = 0xdd;

/** A pool that marks what is given back, and sees when somebody has written to it since. */
export class WatchedPool extends BlockPool {
  /** Blocks that were taken; to be set back at will. */
  taken = 0;

  override take(minBytes: number): Block {
    this.taken += 1;
    const block = super.take(minBytes);
    const bytes = block.bytes.subarray(block.start, block.end);
    assert.ok(
      bytes.every((byte) => byte === FREE || byte === 0),
      'memory was written to while nobody held it',
    );
    return block;
  }

  override give(slab: Slab, start: number, end: number, kept: number): void {
    slab.bytes.fill(FREE, start + kept, end);
    super.give(slab, start, end, kept);
  }
}

/** A part as it was when it was handed out. */
export interface TapedPart extends Omit<Part, 'block' | 'start' | 'end'> {
  readonly bytes: Buffer;
  readonly samples: FragmentSamples;
}

export interface TapedRun {
  readonly init: InitSegment;
  readonly discontinuity: boolean;
  /** By segments. */
  readonly segments: TapedPart[][];
  /** Parts behind the last whole segment. */
  open: TapedPart[];
}

/** Keeps what a packager gives out, and holds on to the memory: in the end it must be as it was. */
export class PartTape implements PackagerOutput {
  readonly runs: TapedRun[] = [];
  readonly #held: { block: PartMemory; view: Uint8Array; bytes: Buffer }[] = [];

  init(init: InitSegment, discontinuity: boolean): void {
    assert.equal(this.runs.at(-1)?.open.length ?? 0, 0, 'an init segment in the middle of a segment');
    this.runs.push({ init, discontinuity, segments: [], open: [] });
  }

  part(part: Part): void {
    const view = part.block.bytes.subarray(part.start, part.end);
    const bytes = Buffer.from(view);
    part.block.retain();
    this.#held.push({ block: part.block, view, bytes });
    const run = this.runs.at(-1);
    assert.ok(run, 'a part before its init segment');
    const { block: _block, start: _start, end: _end, ...rest } = part;
    run.open.push({ ...rest, bytes, samples: readFragmentSamples(bytes) });
  }

  endSegment(): void {
    const run = this.runs.at(-1);
    assert.ok(run && run.open.length > 0, 'an empty segment');
    run.segments.push(run.open);
    run.open = [];
  }

  get parts(): TapedPart[] {
    return this.runs.flatMap((run) => [...run.segments.flat(), ...run.open]);
  }

  samples(trackId: number, runs: readonly TapedRun[] = this.runs): Sample[] {
    return runs.flatMap((run) => [...run.segments.flat(), ...run.open]).flatMap((part) => part.samples.tracks.get(trackId) ?? []);
  }

  /** Nothing that was handed out has changed; gives it all back. */
  letGo(): void {
    for (const { block, view, bytes } of this.#held.splice(0)) {
      assert.ok(bytes.equals(view), 'a part changed after it was handed out');
      block.release();
    }
  }
}

/** A frame to feed; times in ms, as RTMP has them. */
export interface FedFrame {
  readonly track: 'video' | 'audio';
  readonly ms: number;
  readonly size: number;
  readonly keyframe?: boolean;
  readonly compositionMs?: number;
}

/** A packager with its world: a wall clock that follows the frames, a watched pool, a tape. */
export class PackagerRig {
  readonly pool = new WatchedPool();
  readonly tape = new PartTape();
  readonly clock: SessionClock;
  packager: Packager;
  nowMs = 1_700_000_000_000;
  /** What was fed and taken, whole. */
  readonly fed = { video: [] as Buffer[], audio: [] as Buffer[] };
  readonly #options: Partial<PackagerOptions>;
  #frames = 0;

  constructor(options: Partial<PackagerOptions> = {}) {
    this.#options = options;
    this.clock = options.clock ?? new SessionClock();
    this.packager = this.connect();
  }

  /** Another connection of the same session. */
  connect(): Packager {
    this.clock.reanchor();
    this.packager = new Packager({
      clock: this.clock,
      now: () => this.nowMs,
      pool: this.pool,
      output: this.tape,
      partMs: 200,
      segmentMinMs: 1000,
      segmentMaxMs: 10_000,
      discontinuity: this.tape.runs.length > 0,
      ...this.#options,
    });
    return this.packager;
  }

  begin(frame: FedFrame): OpenFrame | null {
    const { packager } = this;
    const taken =
      frame.track === 'video'
        ? packager.beginVideo(frame.ms * 90, (frame.compositionMs ?? 0) * 90, frame.keyframe ?? false, frame.size)
        : packager.beginAudio(frame.ms * 90, frame.size);
    this.#frames += 1;
    return taken
      ? new OpenFrame(this, frame.track, payload(this.#frames, frame.size), packager.target, packager.targetOffset)
      : null;
  }

  /** Feeds a whole frame; false when it was not taken. */
  feed(frame: FedFrame): boolean {
    const open = this.begin(frame);
    open?.write(frame.size);
    open?.end();
    return open !== null;
  }

  /** Feeds frames in order, the wall clock along with them. */
  feedAll(frames: readonly FedFrame[], startMs = frames[0]?.ms ?? 0): void {
    const began = this.nowMs;
    for (const frame of frames) {
      this.nowMs = began + frame.ms - startMs;
      this.feed(frame);
    }
  }

  /** The end: all memory must come back. */
  close(): void {
    this.packager.close();
    this.tape.letGo();
    assert.equal(this.pool.bytesInUse, 0, 'memory was not given back');
  }
}

/** A frame whose bytes are still coming. */
export class OpenFrame {
  readonly #rig: PackagerRig;
  readonly #track: 'video' | 'audio';
  readonly #data: Buffer;
  readonly #target: Uint8Array;
  readonly #offset: number;
  #written = 0;

  constructor(rig: PackagerRig, track: 'video' | 'audio', data: Buffer, target: Uint8Array, offset: number) {
    this.#rig = rig;
    this.#track = track;
    this.#data = data;
    this.#target = target;
    this.#offset = offset;
  }

  write(count: number): void {
    const to = Math.min(this.#written + count, this.#data.length);
    this.#target.set(this.#data.subarray(this.#written, to), this.#offset + this.#written);
    this.#written = to;
  }

  end(): void {
    this.write(this.#data.length);
    if (this.#track === 'video') this.#rig.packager.endVideo();
    else this.#rig.packager.endAudio();
    this.#rig.fed[this.#track].push(this.#data);
  }
}

/** Bytes that no other frame has. */
function payload(number: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i += 1) bytes[i] = number * 31 + i * 7 + (i >> 8);
  for (let i = 0; i < Math.min(4, size); i += 1) bytes[i] = number >>> (8 * i);
  return bytes;
}

/** Audio and video of constant rate, interleaved by time: video frames as the encoder stamps them, rounded to ms. */
export function steadyStream(options: {
  readonly seconds: number;
  readonly fps?: number;
  readonly gop?: number;
  readonly sampleRate?: number;
  readonly startMs?: number;
  readonly videoBytes?: (index: number) => number;
  readonly compositionMs?: (index: number) => number;
}): FedFrame[] {
  const { seconds, fps = 0, gop = fps, sampleRate = 0, startMs = 0 } = options;
  const frames: FedFrame[] = [];
  for (let i = 0; fps > 0 && i < seconds * fps; i += 1) {
    const ms = startMs + Math.round((i * 1000) / fps);
    const size = options.videoBytes?.(i) ?? (i % gop === 0 ? 9000 : 800 + (i % 7) * 100);
    frames.push({ track: 'video', ms, size, keyframe: i % gop === 0, compositionMs: options.compositionMs?.(i) ?? 0 });
  }
  for (let i = 0; sampleRate > 0 && (i * 1024) / sampleRate < seconds; i += 1) {
    frames.push({ track: 'audio', ms: startMs + Math.round((i * 1_024_000) / sampleRate), size: 150 + (i % 5) });
  }
  return frames.sort((a, b) => a.ms - b.ms);
}
