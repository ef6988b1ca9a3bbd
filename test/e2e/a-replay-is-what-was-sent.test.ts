import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseFlvFile } from '../../src/rtmp/flv-file.ts';
import type { FlvTag } from '../../src/rtmp/flv-file.ts';
import { countFrames, decodeWarnings } from '../support/decode.ts';
import { FfmpegPublisher, SAMPLE } from '../support/ffmpeg-publisher.ts';
import { fetchBytes, fetchText } from '../support/http.ts';
import { parsePlaylist } from '../support/playlist.ts';
import { run } from '../support/run.ts';
import { Server } from '../support/server.ts';
import { ServerApi } from '../support/server-api.ts';
import type { OwnLive } from '../support/server-api.ts';
import { publishTags } from '../support/tag-publisher.ts';
import type { TimedTag } from '../support/tag-publisher.ts';
import { requireTool } from '../support/tools.ts';
import { until } from '../support/until.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}.flv`, import.meta.url));
const B_FRAMES = fixture('h264-high-b-frames-25fps-aac-44100-mono');
const HOUR_MS = 3_600_000;

/** Everything an encoder may send, and things that none should: what comes out of the replay is what went in, to the last byte of every frame. */
test('a replay is what was sent', { timeout: 180_000 }, async (t) => {
  const ffmpeg = requireTool(t, 'ffmpeg');
  const ffprobe = requireTool(t, 'ffprobe');
  if (ffmpeg === null || ffprobe === null) return;
  const server = await Server.start(t);
  const api = await ServerApi.signIn(server);

  const replayOf = async (live: OwnLive): Promise<string> => {
    const session = await until('its replay', async () =>
      (await api.sessions(live)).find(({ replayVideo }) => replayVideo !== undefined),
    );
    assert.deepEqual([session.endReason, session.error, session.gaps], ['unpublished', null, []]);
    return api.playlistUrl(session.replayVideo!.uuid);
  };
  /** A checksum over the coded frames of a file or playlist, in their order; null when it has no such track. */
  const checksum = async (path: string, kind: 'v' | 'a'): Promise<string> => {
    const { code, stdout, stderr } = await run(ffmpeg, [
      '-v',
      'error',
      '-nostdin',
      '-i',
      path,
      '-map',
      `0:${kind}`,
      '-c',
      'copy',
      '-f',
      'md5',
      '-',
    ]);
    assert.deepEqual([code, stderr], [0, ''], path);
    return stdout.trim();
  };

  const files: [string, string, string[], string[]][] = [
    ['B-frames', B_FRAMES, ['v', 'a'], []],
    ['audio only', fixture('aac-48000-stereo-only'), ['a'], []],
    ['video only', fixture('h264-baseline-cropped-wide-pixels-only'), ['v'], []],
    ['without metadata', SAMPLE, ['v', 'a'], ['-flvflags', 'no_metadata+no_duration_filesize']],
    ['audio only, without metadata', fixture('aac-48000-stereo-only'), ['a'], ['-flvflags', 'no_metadata+no_duration_filesize']],
    [
      'video only, without metadata',
      fixture('h264-baseline-cropped-wide-pixels-only'),
      ['v'],
      ['-flvflags', 'no_metadata+no_duration_filesize'],
    ],
  ];
  await t.test('what encoders send', async (t) => {
    const published = await Promise.all(
      files.map(async ([name, input, , options]) => {
        const live = await api.addLive(name);
        const publisher = new FfmpegPublisher(t, {
          ffmpeg,
          url: live.rtmpUrl,
          input,
          inputOptions: ['-re'],
          outputOptions: ['-c', 'copy', ...options],
        });
        assert.equal(await publisher.end(), 0, publisher.said());
        return { live, sent: publisher.sent() };
      }),
    );
    for (const [i, [name, input, tracks]] of files.entries()) {
      await t.test(name, async () => {
        const url = await replayOf(published[i].live);
        assert.deepEqual(await countFrames(ffprobe, url), published[i].sent);
        for (const kind of tracks as ('v' | 'a')[])
          assert.equal(await checksum(url, kind), await checksum(input, kind), `the bytes of ${kind}`);
        assert.equal(await decodeWarnings(ffmpeg, url), '');
      });
    }
  });

  const publish = async (t: TestContext, name: string, tags: readonly TimedTag[]): Promise<string> => {
    const live = await api.addLive(name);
    await publishTags(t, live.rtmpUrl, tags);
    return replayOf(live);
  };

  await t.test('clocks that jump', async (t) => {
    const sample = load(SAMPLE);
    /** The sample's first 5 s, its clock set forward or back at some moments. */
    const jumping = (jumps: readonly [atMs: number, byMs: number][]): TimedTag[] =>
      sample
        .filter(({ timestampMs }) => timestampMs < 5000)
        .map((tag) => {
          const shift = jumps.filter(([atMs]) => tag.timestampMs >= atMs).reduce((sum, [, byMs]) => sum + byMs, 0);
          return { ...tag, sendAtMs: tag.timestampMs, timestampMs: tag.timestampMs + HOUR_MS + shift };
        });
    const cases: [string, TimedTag[]][] = [
      ['forward by an hour at a keyframe', jumping([[2020, HOUR_MS]])],
      ['forward by ten seconds in the middle of a GOP', jumping([[2500, 10_000]])],
      ['back by an hour at a keyframe', jumping([[3020, -HOUR_MS]])],
      ['back by two seconds in the middle of a GOP', jumping([[3500, -2000]])],
      ['forward, back and forward again', jumping([[1500, HOUR_MS], [2700, -HOUR_MS - 500], [4020, 7000]])], // prettier-ignore
      ['over the end of its 32 bits', sample.filter(({ timestampMs }) => timestampMs < 5000).map((tag) => ({ ...tag, sendAtMs: tag.timestampMs, timestampMs: (tag.timestampMs + 2 ** 32 - 2500) >>> 0 }))], // prettier-ignore
    ];
    const urls = await Promise.all(cases.map(([name, tags]) => publish(t, name, tags)));
    for (const [i, [name, tags]] of cases.entries()) {
      await t.test(name, async () => {
        assert.deepEqual(await countFrames(ffprobe, urls[i]), countTags(tags));
        assert.equal(await decodeWarnings(ffmpeg, urls[i]), '');
      });
    }
  });

  await t.test('a codec configuration that changes in the middle', async (t) => {
    const first = load(SAMPLE).filter(({ timestampMs }) => timestampMs < 3000);
    const second = load(B_FRAMES).map((tag) => ({ ...tag, timestampMs: tag.timestampMs + 3000 }));
    const tags = [...first, ...second].map((tag) => ({ ...tag, sendAtMs: tag.timestampMs }));
    const url = await publish(t, 'Changed', tags);
    const { segments } = parsePlaylist(await fetchText(url.replace('master', '0')));
    const maps = [...new Set(segments.map(({ map }) => map))];
    assert.equal(maps.length, 2, 'two init segments');
    const counts = { video: 0, audio: 0 };
    for (const map of maps) {
      const own = segments.filter((segment) => segment.map === map);
      assert.equal(own[0].discontinuity, map !== maps[0], 'the second is behind a discontinuity');
      const bytes = Buffer.concat(
        await Promise.all([map!, ...own.map(({ uri }) => uri!)].map((uri) => fetchBytes(server.url + uri))),
      );
      const decoded = await run(ffmpeg, ['-v', 'warning', '-i', '-', '-f', 'null', '-'], { input: bytes });
      assert.deepEqual([decoded.code, decoded.stderr], [0, '']);
      const probed = await run(
        ffprobe,
        ['-v', 'error', '-count_frames', '-show_entries', 'stream=codec_type,nb_read_frames', '-of', 'csv=p=0', '-'],
        { input: bytes },
      );
      for (const [, kind, frames] of probed.stdout.matchAll(/(video|audio),(\d+)/g))
        counts[kind as 'video' | 'audio'] += Number(frames);
    }
    assert.deepEqual(counts, countTags(tags));
  });

  assert.deepEqual(
    server.log.filter(({ level }) => level >= 50),
    [],
  );
});

/** Configurations and frames of an FLV file, as they are sent. */
function load(path: string): FlvTag[] {
  const { configs, frames } = parseFlvFile(readFileSync(path));
  return [...configs.map((tag) => ({ ...tag, timestampMs: 0 })), ...frames];
}

/** Frames, without the configurations (AVC and AAC packet type 0). */
function countTags(tags: readonly FlvTag[]): { video: number; audio: number } {
  const count = (type: number): number => tags.filter((tag) => tag.type === type && tag.body[1] !== 0).length;
  return { video: count(9), audio: count(8) };
}
