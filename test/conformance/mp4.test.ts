import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { parseFragmentHeader } from '../../src/mp4/fragment-reader.ts';
import { measureInitSegment } from '../../src/mp4/init-segment-reader.ts';
import { readFlv } from '../support/flv.ts';
import type { FlvFile } from '../support/flv.ts';
import { joinMuxed, muxFlv } from '../support/mux.ts';
import { run } from '../support/run.ts';
import { requireTool } from '../support/tools.ts';

/** Our fMP4 as strangers read it: what ffprobe counts, whether ffmpeg and GStreamer decode it without a word. */
const files = [
  'src/cli/sample.flv',
  'test/fixtures/h264-high-b-frames-25fps-aac-44100-mono.flv',
  'test/fixtures/h264-baseline-cropped-wide-pixels-only.flv',
  'test/fixtures/aac-48000-stereo-only.flv',
];

interface Stream {
  codec_type: string;
  codec_tag_string: string;
  width?: number;
  height?: number;
  sample_aspect_ratio?: string;
  sample_rate?: string;
  channels?: number;
  nb_read_frames: string;
}

function mux(t: TestContext, name: string): { file: FlvFile; path: string; bytes: Uint8Array } {
  const file = readFlv(new URL(`../../${name}`, import.meta.url));
  const bytes = joinMuxed(muxFlv(file));
  const directory = mkdtempSync(join(tmpdir(), 'reprise-mp4-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'volume.mp4');
  writeFileSync(path, bytes);
  return { file, path, bytes };
}

for (const name of files) {
  test(`ffprobe counts every frame of ${name}`, async (t) => {
    const ffprobe = requireTool(t, 'ffprobe');
    if (ffprobe === null) return;
    const { file, path } = mux(t, name);
    const probed = await run(ffprobe, ['-v', 'warning', '-count_frames', '-show_streams', '-of', 'json', path]);
    assert.deepEqual([probed.code, probed.stderr], [0, '']);
    const { streams } = JSON.parse(probed.stdout) as { streams: Stream[] };
    const video = streams.find((stream) => stream.codec_type === 'video');
    const audio = streams.find((stream) => stream.codec_type === 'audio');
    assert.equal(Number(video?.nb_read_frames ?? 0), file.video.length);
    assert.equal(Number(audio?.nb_read_frames ?? 0), file.audio.length);
    if (file.videoConfig !== null) {
      const { width, height, pixelAspect } = file.videoConfig;
      assert.deepEqual(
        [video?.width, video?.height, video?.sample_aspect_ratio],
        [width, height, `${pixelAspect.h}:${pixelAspect.v}`],
      );
    }
    if (file.audioConfig !== null) {
      assert.deepEqual(
        [Number(audio?.sample_rate), audio?.channels],
        [file.audioConfig.sampleRate, file.audioConfig.channelCount],
      );
    }
  });

  test(`ffprobe sees the times of ${name} as they came`, async (t) => {
    const ffprobe = requireTool(t, 'ffprobe');
    if (ffprobe === null) return;
    const { file, path } = mux(t, name);
    const firstMs = Math.min(file.video[0]?.dtsMs ?? Infinity, file.audio[0]?.dtsMs ?? Infinity);
    const packets = await run(ffprobe, [
      '-v',
      'warning',
      '-show_entries',
      'packet=codec_type,pts_time,dts_time,flags',
      '-of',
      'json',
      path,
    ]);
    type Packet = { codec_type: string; pts_time: string; dts_time: string; flags: string };
    const all = (JSON.parse(packets.stdout) as { packets: Packet[] }).packets;
    const seconds = (ms: number): string => (ms / 1000).toFixed(6);
    assert.deepEqual(
      all
        .filter((packet) => packet.codec_type === 'video')
        .map(({ pts_time, dts_time, flags }) => [pts_time, dts_time, flags[0] === 'K']),
      file.video.map(({ dtsMs, compositionOffsetMs, keyframe }) => {
        return [seconds(dtsMs - firstMs + compositionOffsetMs), seconds(dtsMs - firstMs), keyframe];
      }),
    );
    // FLV rounds to milliseconds; we count samples: never further apart than that.
    const audio = all.filter((packet) => packet.codec_type === 'audio');
    assert.equal(audio.length, file.audio.length);
    audio.forEach((packet, i) =>
      assert.ok(Math.abs(Number(packet.pts_time) * 1000 - (file.audio[i].dtsMs - firstMs)) <= 1.001, `audio frame ${i}`),
    );
  });

  test(`ffmpeg decodes ${name} without a word`, async (t) => {
    const ffmpeg = requireTool(t, 'ffmpeg');
    if (ffmpeg === null) return;
    const decoded = await run(ffmpeg, ['-v', 'warning', '-xerror', '-nostdin', '-i', mux(t, name).path, '-f', 'null', '-']);
    assert.deepEqual([decoded.code, decoded.stderr], [0, '']);
  });

  test(`GStreamer's qtdemux plays ${name}`, async (t) => {
    const gst = requireTool(t, 'gst-launch-1.0');
    if (gst === null) return;
    const { file, path } = mux(t, name);
    const tracks = [
      { pad: 'video_0', parser: 'h264parse', decoder: 'avdec_h264', frames: file.video.length },
      { pad: 'audio_0', parser: 'aacparse', decoder: 'avdec_aac', frames: file.audio.length },
    ];
    // One track at a time: with two, the sinks' threads tear each other's messages, and the count is off.
    for (const { pad, parser, decoder, frames } of tracks.filter((track) => track.frames > 0)) {
      const chain = [`demux.${pad}`, '!', parser, '!', decoder, '!', 'fakesink', 'name=sink', 'silent=false', 'sync=false'];
      const played = await run(gst, ['-v', 'filesrc', `location=${path}`, '!', 'qtdemux', 'name=demux', ...chain]);
      assert.deepEqual([played.code, played.stderr], [0, '']);
      const shown = played.stdout.split('\n').filter((line) => line.includes('GstFakeSink:sink:') && line.includes('= chain'));
      assert.equal(shown.length, frames, pad);
    }
  });

  test(`our own reader walks ${name} to its last byte`, (t) => {
    const { file, bytes } = mux(t, name);
    let at = measureInitSegment(bytes) ?? 0;
    const samples = new Map<number, number>();
    const decodeTimes = new Map<number, number>();
    while (at < bytes.length) {
      const fragment = parseFragmentHeader(bytes, at);
      assert.ok(fragment, `fragment at ${at}`);
      for (const track of fragment.tracks) {
        samples.set(track.trackId, (samples.get(track.trackId) ?? 0) + track.sampleCount);
        assert.equal(track.baseMediaDecodeTime, decodeTimes.get(track.trackId) ?? track.baseMediaDecodeTime, 'fragments join');
        decodeTimes.set(track.trackId, track.baseMediaDecodeTime + track.duration);
      }
      at += fragment.headerBytes + fragment.payloadBytes;
    }
    assert.equal(at, bytes.length);
    assert.deepEqual([samples.get(1) ?? 0, samples.get(2) ?? 0], [file.video.length, file.audio.length]);
  });
}
