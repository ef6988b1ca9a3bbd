import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { decodeAacConfig } from '../../media/aac.ts';
import { decodeAvcConfig } from '../../media/avc.ts';
import { fragmentHeaderBytes, writeFragmentHeader } from '../../mp4/fragment.ts';
import { encodeInitSegment } from '../../mp4/init-segment.ts';
import { createSampleColumns } from '../../mp4/sample-columns.ts';
import { HttpClient } from './http-client.ts';
import { readReplay } from './replay-reader.ts';
import { syntheticMedia } from '../fleet/synthetic-media.ts';

const { file, truth } = syntheticMedia(null);
const [videoConfig, audioConfig] = file.configs.map(({ body }) => body);
const INIT = encodeInitSegment({
  video: decodeAvcConfig(videoConfig.subarray(5)),
  audio: decodeAacConfig(audioConfig.subarray(2)),
});

/** A segment of one fragment: so many frames of each kind from these on, decode times from `videoTime` and `audioTime`. */
function segment(video: readonly Uint8Array[], audio: readonly Uint8Array[], videoTime: number, audioTime: number): Buffer {
  const track = (trackId: number, baseMediaDecodeTime: number, frames: readonly Uint8Array[], duration: number) => {
    const samples = createSampleColumns(frames.length);
    samples.count = frames.length;
    frames.forEach(({ length }, i) => {
      samples.sizes[i] = length;
      samples.durations[i] = duration;
      samples.flags[i] = 1;
    });
    return { trackId, baseMediaDecodeTime, samples, dataBytes: frames.reduce((sum, { length }) => sum + length, 0) };
  };
  const described = {
    sequenceNumber: 1,
    segmentStart: true,
    programDateTimeMs: 0,
    video: track(1, videoTime, video, 3000),
    audio: track(2, audioTime, audio, 1024),
  };
  const header = new Uint8Array(fragmentHeaderBytes(described.video.samples, described.audio.samples, true));
  writeFragmentHeader(header, 0, described);
  return Buffer.concat([header, ...video, ...audio]);
}

const { video, audio } = truth;
const first = segment(video.slice(0, 30), audio.slice(0, 47), 0, 0);
const second = segment(video.slice(30, 60), audio.slice(47, 94), 90_000, 47 * 1024);
const fresh = segment(video.slice(0, 10), audio.slice(0, 15), 0, 0);
const flipped = Buffer.from(second);
flipped[flipped.length - 1] ^= 1;

const cases: {
  name: string;
  segments: Buffer[];
  breaks?: number[];
  ended?: boolean;
  anywhere?: boolean;
  runs?: [number, number][];
  /** Frames of video that each run can begin with. */
  starts?: number[][];
  problem?: RegExp;
}[] = [
  { name: 'whole', segments: [first, second], runs: [[60, 94]] },
  {
    name: 'of two connections',
    segments: [first, second, fresh],
    breaks: [2],
    runs: [
      [60, 94],
      [10, 15],
    ],
  },
  { name: 'that begins in the middle', segments: [second], problem: /video frame 0 is not/ },
  {
    name: 'that may begin in the middle',
    segments: [first, second, fresh],
    breaks: [1, 2],
    anywhere: true,
    runs: [
      [30, 47],
      [30, 47],
      [10, 15],
    ],
    starts: [[0], [30], [0]],
  },
  { name: 'with one bit changed, begun anywhere', segments: [flipped], anywhere: true, problem: /audio frame 46 is not the one/ },
  { name: 'with one bit changed', segments: [first, flipped], problem: /audio frame 93 is not the one that was sent/ },
  {
    name: 'with a frame missing',
    segments: [first, segment(video.slice(31, 60), audio.slice(47, 94), 90_000, 47 * 1024)],
    problem: /video frame 30 is not/,
  },
  {
    name: 'with a hole in its times',
    segments: [first, segment(video.slice(30, 60), audio.slice(47, 94), 93_000, 47 * 1024)],
    problem: /decode time 93000 of track 1, expected is 90000/,
  },
  { name: 'that is cut', segments: [first, second.subarray(0, -1)], problem: /a sample ends at/ },
  { name: 'without an end', segments: [first], ended: false, problem: /has no end/ },
];

for (const { name, segments, breaks = [], ended = true, anywhere = false, runs, starts, problem } of cases) {
  test(`a replay ${name}`, async (t) => {
    const lines = ['#EXTM3U', '#EXT-X-MAP:URI="/init.mp4"'];
    segments.forEach((_, i) => lines.push(...(breaks.includes(i) ? ['#EXT-X-DISCONTINUITY'] : []), '#EXTINF:1,', `/${i}.m4s`));
    if (ended) lines.push('#EXT-X-ENDLIST');
    const base = '/static/streaming-playlists/hls/replay';
    const answers = new Map<string, string | Uint8Array>([
      [`${base}/master.m3u8`, '#EXTM3U\n0.m3u8\n'],
      [`${base}/0.m3u8`, lines.join('\n')],
      ['/init.mp4', INIT],
      ...segments.map((bytes, i): [string, Uint8Array] => [`/${i}.m4s`, bytes]),
    ]);
    const server = createServer((request, response) => {
      const answer = answers.get(request.url ?? '');
      response.writeHead(answer === undefined ? 404 : 200).end(answer);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const http = new HttpClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    t.after(() => {
      http.close();
      server.close();
    });
    const reading = readReplay(http, 'replay', truth, { anywhere });
    if (problem !== undefined) return assert.rejects(reading, problem);
    const found = await reading;
    assert.deepEqual(
      found.map((run) => [run.video, run.audio]),
      runs,
    );
    if (starts !== undefined) {
      assert.deepEqual(
        found.map(({ videoStarts }) => videoStarts),
        starts,
      );
    }
  });
}
