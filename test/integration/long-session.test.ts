import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderLivePlaylist, renderReplayPlaylist } from '../../src/packager/media-playlist.ts';
import { readStoredRecording, recordedTotals, replayTimeline } from '../../src/recording/stored-recording.ts';
import { readFlv } from '../support/flv.ts';
import { readFragmentSamples } from '../support/fragment-samples.ts';
import { parsePlaylist } from '../support/playlist.ts';
import { feedFlv, recordingScratch, RecordedSession } from '../support/recorded-session.ts';

const FILE = readFlv(new URL('../fixtures/h264-high-b-frames-25fps-aac-44100-mono.flv', import.meta.url));
const SECONDS = 1500;

test('25 minutes: volumes of ten under one init segment, without a discontinuity; live and replay tell the same', async (t) => {
  const session = new RecordedSession(recordingScratch(t));
  const packager = session.connect();
  const began = session.nowMs;
  const rounds = Math.ceil((SECONDS * 25) / FILE.video.length);
  feedFlv(packager, FILE, rounds, (ms) => (session.nowMs = began + ms));
  packager.close();
  const live = parsePlaylist(renderLivePlaylist(session.edge.timeline, false));
  await session.recorder.close();
  session.edge.clear();
  assert.deepEqual(session.errors, []);
  assert.equal(session.pool.bytesInUse, 0);

  const stored = await readStoredRecording(session.directory);
  assert.deepEqual(
    stored.runs.map(({ volume, discontinuity, newInit }) => [volume, discontinuity, newInit]),
    [
      [1, false, true],
      [2, false, false],
      [3, false, false],
    ],
  );
  const replay = parsePlaylist(renderReplayPlaylist(replayTimeline(stored)));
  assert.deepEqual(
    replay.segments.map(({ uri, duration, map }) => ({ uri, duration, map })),
    live.segments.map(({ uri, duration, map }) => ({ uri, duration, map })),
  );
  assert.equal(new Set(replay.segments.map(({ map }) => map)).size, 1);
  assert.ok(replay.segments.every(({ discontinuity }) => !discontinuity));
  assert.equal(recordedTotals(stored).ms, (rounds * FILE.video.length * 1000) / 25);

  // Every frame once, and the tracks' clocks without a gap over the volumes.
  const ends = new Map<number, number>();
  const counts = new Map<number, number>();
  for (const { volume, initBytes } of stored.runs) {
    const bytes = readFileSync(join(session.directory, `00000${volume}.mp4`));
    let from = initBytes;
    for (let at = from; at < bytes.length;) {
      const isEnd = bytes.toString('latin1', at + 4, at + 8) === 'mdat';
      at += bytes.readUInt32BE(at);
      if (!isEnd) continue;
      for (const [id, samples] of readFragmentSamples(bytes.subarray(from, at)).tracks) {
        assert.equal(samples[0].dts, ends.get(id) ?? samples[0].dts);
        const last = samples[samples.length - 1];
        ends.set(id, last.dts + last.duration);
        counts.set(id, (counts.get(id) ?? 0) + samples.length);
      }
      from = at;
    }
  }
  assert.deepEqual(
    [...counts],
    [
      [1, rounds * FILE.video.length],
      [2, rounds * FILE.audio.length],
    ],
  );
});
