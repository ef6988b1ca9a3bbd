import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderReplayPlaylist } from '../../src/packager/media-playlist.ts';
import { readStoredRecording, replayTimeline } from '../../src/recording/stored-recording.ts';
import { readFlv } from '../support/flv.ts';
import { feedFlv, recordingScratch, RecordedSession, SESSION_ID } from '../support/recorded-session.ts';
import { run } from '../support/run.ts';
import { requireTool } from '../support/tools.ts';

const ROUNDS = 4;

for (const fixture of [
  'h264-high-b-frames-25fps-aac-44100-mono',
  'h264-baseline-cropped-wide-pixels-only',
  'aac-48000-stereo-only',
]) {
  test(`${fixture}: ffmpeg decodes the volume and the replay over two connections, without a warning, frame for frame`, async (t) => {
    const ffprobe = requireTool(t, 'ffprobe');
    const ffmpeg = requireTool(t, 'ffmpeg');
    if (ffprobe === null || ffmpeg === null) return;
    const file = readFlv(new URL(`../fixtures/${fixture}.flv`, import.meta.url));
    const session = new RecordedSession(recordingScratch(t));
    for (let connection = 0; connection < 2; connection += 1) {
      const began = session.nowMs;
      const packager = session.connect();
      feedFlv(packager, file, ROUNDS, (ms) => (session.nowMs = began + ms));
      packager.close();
    }
    await session.recorder.close();
    assert.deepEqual(session.errors, []);

    const wanted = [file.video.length, file.audio.length].filter((frames) => frames > 0).map((frames) => frames * ROUNDS);
    for (const volume of ['000001.mp4', '000002.mp4']) {
      const path = join(session.directory, volume);
      assert.deepEqual(await countFrames(ffprobe, path), wanted);
      await decodes(ffmpeg, path);
    }

    const replay = join(session.directory, 'replay.m3u8');
    const stored = await readStoredRecording(session.directory);
    writeFileSync(replay, localFiles(renderReplayPlaylist(replayTimeline(stored)), session.directory));
    assert.deepEqual(
      await countFrames(ffprobe, replay),
      wanted.map((frames) => 2 * frames),
    );
    await decodes(ffmpeg, replay);
  });
}

/** The playlist with byte ranges of the volumes in place of URLs, so that a player can read it without a server. */
function localFiles(playlist: string, directory: string): string {
  let number = 0;
  const cut = (volume: string, start: number, end: number): string => {
    number += 1;
    const name = `${number}.m4s`;
    writeFileSync(join(directory, name), readFileSync(join(directory, `${volume}.mp4`)).subarray(start, end));
    return name;
  };
  return playlist.replace(
    new RegExp(`/media/${SESSION_ID}/(\\d+)/(\\d+)-(\\d+)\\.(m4s|mp4)`, 'g'),
    (_, volume: string, start: string, end: string) => cut(volume, Number(start), Number(end)),
  );
}

async function countFrames(ffprobe: string, path: string): Promise<number[]> {
  const args = ['-v', 'warning', '-count_frames', '-show_entries', 'stream=index,nb_read_frames', '-of', 'csv=p=0'];
  const { stdout, stderr } = await run(ffprobe, [...args, path]);
  assert.equal(stderr, '');
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(',').map(Number));
  return [...new Map(rows.map(([index, frames]) => [index, frames])).values()];
}

async function decodes(ffmpeg: string, path: string): Promise<void> {
  const { code, stderr } = await run(ffmpeg, ['-v', 'warning', '-xerror', '-i', path, '-f', 'null', '-']);
  assert.equal(stderr, '');
  assert.equal(code, 0);
}
