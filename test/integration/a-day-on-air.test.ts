import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import v8 from 'node:v8';
import vm from 'node:vm';
import { LiveEdge } from '../../src/lives/live-edge.ts';
import { SessionRecorder } from '../../src/lives/session-recorder.ts';
import { Tally } from '../../src/lives/tally.ts';
import { MEDIA_TIMESCALE } from '../../src/media/track.ts';
import { BlockPool } from '../../src/packager/block-pool.ts';
import { Packager } from '../../src/packager/packager.ts';
import { SessionClock } from '../../src/packager/session-clock.ts';
import type { Disk } from '../../src/recording/disk.ts';
import { AUDIO, VIDEO } from '../support/part-tape.ts';
import { META } from '../support/recorded-session.ts';

const HOUR_S = 3600;
const FRAMES_PER_SECOND = 5;
/** A keyframe each 4 s, as many encoders have it. */
const GOP = 4 * FRAMES_PER_SECOND;

/** A disk that takes everything and keeps nothing: a day is written in seconds. */
const NOWHERE: Disk = {
  open: (_path, _flags, _mode, done) => setImmediate(done, null, 1_000_000),
  writev: (_descriptor, buffers, done) =>
    setImmediate(
      done,
      null,
      buffers.reduce((sum, { length }) => sum + length, 0),
    ),
  close: (_descriptor, done) => setImmediate(done, null),
  order: ({ append = [] }, done) =>
    setImmediate(
      done,
      null,
      append.map(() => 1_000_000),
    ),
};

/** One session, and a world that passes as fast as it can. */
class Day {
  readonly pool = new BlockPool();
  readonly edge = new LiveEdge(META);
  readonly recorder: SessionRecorder;
  readonly #packager: Packager;
  #nowMs = META.startedAt;
  #frame = 0;
  #audioFrame = 0;

  constructor(directory: string, windowS: number) {
    const now = (): number => this.#nowMs;
    this.recorder = new SessionRecorder({
      directory,
      meta: { ...META, saveReplay: false },
      edge: this.edge,
      tally: new Tally(),
      windowTicks: () => windowS * MEDIA_TIMESCALE,
      now,
      stored: null,
      retryMs: 1000,
      disk: NOWHERE,
      onFirstPart: () => {},
      onFailed: (error) => assert.fail(error),
      onResumed: () => {},
      onWritten: () => {},
      keepPlace: () => {},
    });
    this.#packager = new Packager({
      clock: new SessionClock(),
      now,
      pool: this.pool,
      output: this.recorder,
      partMs: 200,
      segmentMinMs: 1000,
      segmentMaxMs: 10_000,
      discontinuity: false,
    });
    this.#packager.announceTracks(true, true);
    this.#packager.videoConfig(VIDEO);
    this.#packager.audioConfig(AUDIO);
  }

  /** Goes on to this second of the day. */
  async until(second: number): Promise<void> {
    while (this.#frame < second * FRAMES_PER_SECOND) {
      const dts = Math.round((this.#frame * MEDIA_TIMESCALE) / FRAMES_PER_SECOND);
      this.#nowMs = META.startedAt + dts / (MEDIA_TIMESCALE / 1000);
      const keyframe = this.#frame % GOP === 0;
      // Sizes of a small stream: what is kept counts, not how much there is in it.
      if (this.#packager.beginVideo(dts, 0, keyframe, (keyframe ? 2000 : 300) + ((this.#frame * 7919) % 400)))
        this.#packager.endVideo();
      for (; (this.#audioFrame * 1024) / AUDIO.sampleRate < this.#frame / FRAMES_PER_SECOND; this.#audioFrame += 10) {
        const at = Math.round((this.#audioFrame * 1024 * MEDIA_TIMESCALE) / AUDIO.sampleRate);
        if (this.#packager.beginAudio(at, 60)) this.#packager.endAudio();
      }
      this.#frame += 1;
      if (keyframe) await turn();
    }
    for (let turns = 0; turns < 10; turns += 1) await turn();
  }

  async end(): Promise<void> {
    this.#packager.close();
    await this.recorder.close();
    this.edge.clear();
  }
}

/** What stays when everything that nobody holds is gone. */
function heapBytes(): number {
  v8.setFlagsFromString('--expose-gc');
  const gc = vm.runInNewContext('gc') as () => void;
  gc();
  gc();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

async function dayOf(t: TestContext, windowS: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'reprise-day-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const day = new Day(directory, windowS);
  await day.until(2 * HOUR_S);
  const { timeline } = day.edge;
  const early = { heap: heapBytes(), slabs: day.pool.bytes, inUse: day.pool.bytesInUse, rows: timeline.segments.length };
  await day.until(24 * HOUR_S);
  const late = { heap: heapBytes(), slabs: day.pool.bytes, inUse: day.pool.bytesInUse, rows: timeline.segments.length };
  t.diagnostic(JSON.stringify({ early, late }));
  assert.equal(timeline.segments.next, (24 * HOUR_S) / 4 - 1, 'a day of segments of 4 s');
  assert.equal(late.slabs, early.slabs);
  assert.ok(Math.abs(late.rows - early.rows) <= 1, `${early.rows} segments after two hours, ${late.rows} after a day`);
  assert.ok(late.inUse <= early.inUse + 8 * 1024, `${early.inUse} bytes in use after two hours, ${late.inUse} after a day`);
  assert.ok(late.heap <= early.heap + 256 * 1024, `${early.heap} bytes after two hours, ${late.heap} after a day`);
  await day.end();
  assert.equal(day.pool.bytesInUse, 0);
}

for (const [name, windowS] of [
  ['no window', 0],
  ['a window of an hour', HOUR_S],
] as const) {
  test(`a day on air with ${name} takes no more memory than two hours did`, (t) => dayOf(t, windowS));
}
