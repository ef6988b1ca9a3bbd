import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'node:test';
import { Program } from './processes.ts';
import { until } from './until.ts';

/** H.264 and AAC, 8 s that loop without a seam: 30 frames a second, a keyframe each second. */
export const SAMPLE = fileURLToPath(new URL('../../src/cli/sample.flv', import.meta.url));

/** Packets of each kind that went out. */
export interface Sent {
  readonly video: number;
  readonly audio: number;
}

export interface PublisherOptions {
  readonly ffmpeg: string;
  readonly url: string;
  readonly input?: string;
  /** In place of `-re -stream_loop -1`. */
  readonly inputOptions?: readonly string[];
  readonly outputOptions?: readonly string[];
}

/** A real encoder: ffmpeg publishes a file, without encoding it anew. Killed with the test at the latest. */
export class FfmpegPublisher {
  /** Video frames (packets of any kind, where there is no video) that had been sent at its last word, ten times a second. */
  frames = 0;
  readonly #program: Program;
  readonly #errors: string[] = [];
  #saidAt = performance.now();

  constructor(t: TestContext, options: PublisherOptions) {
    const { ffmpeg, url, input = SAMPLE, inputOptions = ['-re', '-stream_loop', '-1'], outputOptions = ['-c', 'copy'] } = options;
    const words = ['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'verbose', '-progress', 'pipe:1', '-stats_period', '0.1'];
    const output = [...outputOptions, '-f', 'flv', '-flvflags', 'no_duration_filesize', url];
    this.#program = new Program(ffmpeg, [...words, ...inputOptions, '-i', input, ...output], {
      onOut: (line) => this.#progress(line),
      onError: (line) => this.#errors.push(line),
    });
    t.after(() => this.#program.end('SIGKILL'));
  }

  get running(): boolean {
    return this.#program.running;
  }

  /** Resolves when so many frames were sent. */
  async reached(frames: number, withinMs = 30_000): Promise<void> {
    await until(`${frames} frames sent`, () => this.frames >= frames || !this.running, { withinMs, everyMs: 10 });
    assert.ok(this.frames >= frames, `the publisher ended after ${this.frames} frames: ${this.said()}`);
  }

  /** SIGINT: ffmpeg says goodbye (FCUnpublish, deleteStream). Gives what it sent, exactly. */
  async stop(): Promise<Sent> {
    await this.#program.end('SIGINT');
    return this.sent();
  }

  /** SIGKILL: no goodbye. Gives the least and the most video frames that it can have sent, at a frame rate of 30. */
  async kill(): Promise<{ least: number; most: number }> {
    await this.#program.end('SIGKILL');
    const silentMs = performance.now() - this.#saidAt;
    return { least: this.frames, most: this.frames + Math.ceil((silentMs * 30) / 1000) + 2 };
  }

  /** SIGSTOP: it is there, and says nothing more. Killed with the test. */
  freeze(): void {
    this.#program.child.kill('SIGSTOP');
  }

  /** Resolves when it ends by itself: its file is at its end, or the server has closed the connection. */
  async end(): Promise<number | null> {
    return (await this.#program.ended).code;
  }

  /** What a publisher that has ended sent, exactly. */
  sent(): Sent {
    const count = (kind: string): number =>
      Number(
        this.#errors
          .map((line) => new RegExp(`Output stream .*\\(${kind}\\): (\\d+) packets muxed`).exec(line)?.[1])
          .find((found) => found !== undefined) ?? 0,
      );
    return { video: count('video'), audio: count('audio') };
  }

  /** Its last words. */
  said(): string {
    return this.#errors.slice(-8).join('\n');
  }

  #progress(line: string): void {
    const frames = /^frame=\s*(\d+)/.exec(line)?.[1];
    if (frames === undefined) return;
    this.frames = Number(frames);
    this.#saidAt = performance.now();
  }
}
