import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { runPublisher } from '../../src/cli/publisher.ts';
import { REFUSALS } from '../../src/errors.ts';
import { RtmpListener } from '../../src/ingest/rtmp-listener.ts';
import { parseFlvFile } from '../../src/rtmp/flv-file.ts';
import type { FrameDiary } from '../support/frame-diary.ts';
import { intact } from '../support/frame-diary.ts';
import { readFlv } from '../support/flv.ts';
import type { FlvFile } from '../support/flv.ts';
import { LogDiary } from '../support/log-diary.ts';
import { PublishDiary } from '../support/publish-diary.ts';
import { run } from '../support/run.ts';
import { findTool, leaveOut, requireTool } from '../support/tools.ts';

/** Real encoders publish to ingest: frames in are frames out, byte for byte. */
const fixtures = {
  'B-frames and mono sound': 'test/fixtures/h264-high-b-frames-25fps-aac-44100-mono.flv',
  'sound alone': 'test/fixtures/aac-48000-stereo-only.flv',
  'picture alone': 'test/fixtures/h264-baseline-cropped-wide-pixels-only.flv',
};
const sample = fileURLToPath(new URL('../../src/cli/sample.flv', import.meta.url));

interface Ingest {
  readonly door: PublishDiary;
  readonly diary: LogDiary;
  readonly listener: RtmpListener;
  readonly url: string;
}

async function open(t: TestContext): Promise<Ingest> {
  const door = new PublishDiary();
  const diary = new LogDiary();
  const listener = new RtmpListener({ host: '127.0.0.1', port: 0, door, log: diary.log });
  await listener.start();
  t.after(() => listener.close());
  return { door, diary, listener, url: `rtmp://127.0.0.1:${listener.port}/live/key` };
}

function path(name: string): string {
  return fileURLToPath(new URL(`../../${name}`, import.meta.url));
}

/** What ffmpeg makes of a file when it copies it into FLV: what it sends, that is. */
async function copied(t: TestContext, ffmpeg: string, file: string): Promise<FlvFile> {
  const directory = mkdtempSync(join(tmpdir(), 'reprise-ingest-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const copy = join(directory, 'copy.flv');
  const finished = await run(ffmpeg, ['-v', 'error', '-i', file, '-c', 'copy', '-f', 'flv', copy]);
  assert.deepEqual([finished.code, finished.stderr], [0, '']);
  return readFlv(copy);
}

function assertSame(frames: FrameDiary, expected: FlvFile): void {
  assert.equal(frames.abandoned, 0);
  assert.deepEqual(frames.videoConfigs[0] ?? null, expected.videoConfig);
  assert.deepEqual(frames.audioConfigs[0] ?? null, expected.audioConfig);
  for (const track of ['video', 'audio'] as const) {
    assert.equal(frames[track].length, expected[track].length, `${track} frames`);
    for (const [i, frame] of expected[track].entries()) {
      const got = frames[track][i];
      assert.deepEqual(
        [got.dts, got.compositionOffset, got.keyframe],
        [frame.dtsMs * 90, frame.compositionOffsetMs * 90, frame.keyframe],
        `${track} ${i}`,
      );
      assert.ok(Buffer.compare(got.data, frame.data) === 0 && intact(got), `bytes of ${track} ${i}`);
    }
  }
}

for (const [name, file] of Object.entries(fixtures)) {
  test(`ffmpeg publishes ${name}`, async (t) => {
    const ffmpeg = requireTool(t, 'ffmpeg');
    if (ffmpeg === null) return;
    const { door, diary, url } = await open(t);
    const finished = await run(ffmpeg, ['-v', 'fatal', '-i', path(file), '-c', 'copy', '-f', 'flv', url]);
    assert.deepEqual([finished.code, finished.stderr], [0, '']);
    const gone = await diary.line('publisher gone');
    assert.deepEqual([door.entries[0].ends, gone.reason], [[['unpublished', undefined]], 'unpublished']);
    assert.match(door.entries[0].request.encoder ?? '', /Lavf/);
    assertSame(door.entries[0].frames, await copied(t, ffmpeg, path(file)));
  });
}

test('ffmpeg says why it was refused', async (t) => {
  const ffmpeg = requireTool(t, 'ffmpeg');
  if (ffmpeg === null) return;
  const { door, diary, url } = await open(t);
  door.refusals.set('key', 'unknown_key');
  const finished = await run(ffmpeg, ['-v', 'error', '-re', '-i', sample, '-c', 'copy', '-f', 'flv', url]);
  assert.notEqual(finished.code, 0);
  assert.ok(finished.stderr.includes(REFUSALS.unknown_key.text), finished.stderr);
  assert.equal((await diary.line('publisher gone')).reason, 'unknown_key');
});

for (const signal of ['SIGINT', 'SIGKILL'] as const) {
  test(`six ffmpegs ended by ${signal} while they send, and started anew at once, three times`, async (t) => {
    const ffmpeg = requireTool(t, 'ffmpeg');
    if (ffmpeg === null) return;
    const { door, diary, url } = await open(t);
    const start = (i: number): ChildProcess => {
      const input = ['-re', '-stream_loop', '-1', '-i', sample];
      return spawn(ffmpeg, ['-nostdin', '-v', 'quiet', ...input, '-c', 'copy', '-f', 'flv', `${url}${i}`], { stdio: 'ignore' });
    };
    for (let round = 0; round < 3; round += 1) {
      const children = Array.from({ length: 6 }, (_, i) => start(i));
      const exits = children.map((child) => once(child, 'exit'));
      await diary.line('publisher connected', 6 * (round + 1));
      // Some frames have to be on their way.
      await new Promise((resolve) => setTimeout(resolve, 200));
      for (const child of children) child.kill(signal);
      await Promise.all(exits);
    }
    await diary.line('publisher gone', 18);
    const ends = door.entries.map(({ ends }) => ends.map(([reason]) => reason).join());
    assert.deepEqual(new Set(ends), new Set([signal === 'SIGINT' ? 'unpublished' : 'disconnected']));
    assert.equal(ends.length, 18);
    assert.deepEqual(
      diary.lines.filter(({ level }) => level > 30),
      [],
    );
  });
}

for (const sink of ['rtmpsink', 'rtmp2sink']) {
  test(`GStreamer publishes with ${sink}`, async (t) => {
    const launch = requireTool(t, 'gst-launch-1.0');
    if (launch === null) return;
    const inspect = findTool('gst-inspect-1.0');
    for (const element of [sink, 'flvmux', 'flvdemux', 'h264parse', 'aacparse']) {
      const found = inspect === null ? null : await run(inspect, ['--exists', element]);
      if (found?.code !== 0) return leaveOut(t, `GStreamer has no ${element}`);
    }
    const { door, diary, url } = await open(t);
    const file = path(fixtures['B-frames and mono sound']);
    const pipeline = `filesrc location=${file} ! flvdemux name=d d.video ! queue ! h264parse ! m.video
      d.audio ! queue ! aacparse ! m.audio flvmux name=m streamable=true ! ${sink} sync=false location=${url}`;
    const finished = await run(launch, ['-q', ...pipeline.split(/\s+/)]);
    assert.equal(finished.code, 0, finished.stderr);
    const gone = await diary.line('publisher gone');
    const { frames, ends } = door.entries[0];
    const expected = readFlv(file);
    t.diagnostic(`${sink} ended as ${String(gone.reason)}`);
    assert.equal(ends.length, 1);
    // GStreamer's muxer has its own timestamps: bytes and order are what must be kept.
    for (const track of ['video', 'audio'] as const) {
      assert.deepEqual(
        frames[track].map(({ data }) => Buffer.from(data).toString('base64')),
        expected[track].map(({ data }) => Buffer.from(data).toString('base64')),
      );
    }
    assert.equal(frames.videoConfigs[0]?.codecString, expected.videoConfig?.codecString);
    assert.deepEqual(frames.audioConfigs[0]?.record, expected.audioConfig?.record);
  });
}

test('our own publisher goes round the sample without a jump, comes back after an interruption, and says goodbye', async (t) => {
  const { door, diary, url } = await open(t);
  const parsed = parseFlvFile(new Uint8Array(readFileSync(path(fixtures['picture alone']))));
  // Half a second of it, so that it goes round while we watch.
  const file = { ...parsed, frames: parsed.frames.slice(0, 15), durationMs: 500 };
  const stop = new AbortController();
  const events: string[] = [];
  const connected = diary.line('publisher connected');
  const running = runPublisher({ url, file, signal: stop.signal, reconnect: true, onEvent: ({ kind }) => events.push(kind) });
  await connected;
  const first = door.entries[0];
  while (first.frames.video.length < 40) await new Promise((resolve) => setTimeout(resolve, 50));
  const steps = first.frames.video.slice(1).map(({ dts }, i) => (dts - first.frames.video[i].dts) / 90);
  assert.ok(
    steps.every((step) => step >= 33 && step <= 34),
    steps.join(),
  );
  first.connection.close('taken_over');
  await diary.line('publisher connected', 2);
  stop.abort();
  await running;
  assert.deepEqual([await first.ended, await door.entries[1].ended], ['disconnected', 'unpublished']);
  // The second time it was told to stop before it knew that it was admitted.
  const expected = ['connecting', 'published', 'refused', 'disconnected', 'retrying', 'connecting'];
  assert.deepEqual(events.slice(0, expected.length), expected);
});
