import assert from 'node:assert/strict';
import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { RECORD_BYTES } from '../../src/recording/index-record.ts';
import { recoverRecording } from '../../src/recording/recovery.ts';
import { readStoredRecording, readTimelineEnd, recordedTotals, replayTimeline } from '../../src/recording/stored-recording.ts';
import type { StoredRecording } from '../../src/recording/stored-recording.ts';
import { renderReplayPlaylist } from '../../src/packager/media-playlist.ts';
import { readFlv } from '../support/flv.ts';
import { readFragmentSamples } from '../support/fragment-samples.ts';
import { seededRandom } from '../support/fuzz.ts';
import { feedFlv, recordingScratch, RecordedSession } from '../support/recorded-session.ts';

const MUXED = readFlv(new URL('../fixtures/h264-high-b-frames-25fps-aac-44100-mono.flv', import.meta.url));
const AUDIO_ONLY = readFlv(new URL('../fixtures/aac-48000-stereo-only.flv', import.meta.url));

/** A recording of two connections, whole: two volumes with many segments. */
async function record(t: TestContext, file = MUXED): Promise<RecordedSession> {
  const session = new RecordedSession(recordingScratch(t));
  for (let connection = 0; connection < 2; connection += 1) {
    const began = session.nowMs;
    const packager = session.connect();
    feedFlv(packager, file, 6, (ms) => (session.nowMs = began + ms));
    packager.close();
    session.nowMs += 5000;
  }
  await session.recorder.release();
  return session;
}

/** As the process left it when it was killed: volume cut at a byte, index as it was then. */
function torn(whole: RecordedSession, volumeBytes: number, indexRecords: number): string {
  const directory = `${whole.directory}-torn`;
  rmSync(directory, { recursive: true, force: true });
  cpSync(whole.directory, directory, { recursive: true });
  truncateSync(join(directory, '000002.mp4'), volumeBytes);
  truncateSync(join(directory, 'index'), indexRecords * RECORD_BYTES + (indexRecords % 3) * 7);
  return directory;
}

/** All samples that the segments of a recording name, read from its files. */
function samplesOf(stored: StoredRecording): string[] {
  return stored.segments.flatMap(({ volume, start, end }) => {
    const bytes = readFileSync(join(stored.directory, `${String(volume).padStart(6, '0')}.mp4`)).subarray(start, end);
    assert.equal(bytes.length, end - start);
    return [...fragments(bytes)].flatMap((fragment) =>
      [...readFragmentSamples(fragment).tracks].flatMap(([id, samples]) =>
        samples.map((sample) => `${volume} ${id} ${sample.dts} ${sample.data.length}`),
      ),
    );
  });
}

function* fragments(bytes: Buffer): Generator<Uint8Array> {
  let from = 0;
  for (let at = 0; at < bytes.length;) {
    const mdat = bytes.toString('latin1', at + 4, at + 8) === 'mdat';
    at += bytes.readUInt32BE(at);
    if (!mdat) continue;
    yield bytes.subarray(from, at);
    from = at;
  }
}

for (const [name, file] of [
  ['audio and video', MUXED],
  ['audio alone', AUDIO_ONLY],
] as const) {
  test(`${name}: cut at any byte, with any part of the index, what was whole is found again, twice the same`, async (t) => {
    const whole = await record(t, file);
    const complete = await readStoredRecording(whole.directory);
    const all = samplesOf(complete);
    const size = statSync(join(whole.directory, '000002.mp4')).size;
    const records = statSync(join(whole.directory, 'index')).size / RECORD_BYTES;
    assert.equal(records, complete.runs.length + complete.segments.length);
    const random = seededRandom(7);
    const parts = [...fragments(readFileSync(join(whole.directory, '000002.mp4')).subarray(complete.runs[1].initBytes))];
    const init = complete.runs[1].initBytes;
    for (let round = 0; round < 60; round += 1) {
      const bytes = round === 0 ? init : round === 1 ? size : init + random(size - init);
      const directory = torn(whole, bytes, random(records + 1));
      const stored = await recoverRecording(directory, false);
      let end = init;
      for (const part of parts) {
        if (end + part.length > bytes) break;
        end += part.length;
      }
      assert.equal(statSync(join(directory, '000002.mp4')).size, end, 'cut behind the last whole part, and no earlier');
      assert.deepEqual(samplesOf(stored), all.slice(0, samplesOf(stored).length));
      assert.equal(
        stored.segments.at(-1)?.end,
        end === init ? complete.segments.findLast(({ volume }) => volume === 1)?.end : end,
      );
      // Whole segments are as the live playlist told them.
      stored.segments.slice(0, -1).forEach((segment, i) => assert.deepEqual(segment, complete.segments[i]));
      assert.ok((stored.segments.at(-1)?.duration ?? 0) <= complete.segments[stored.segments.length - 1].duration);
      assert.deepEqual(await recoverRecording(directory, false), stored);
      assert.deepEqual(await readStoredRecording(directory), stored);
    }
  });
}

test('a process that dies and comes back again and again: one recording, one timeline, one replay', async (t) => {
  let session = new RecordedSession(recordingScratch(t));
  const random = seededRandom(3);
  let endTicks = 0;
  for (let life = 0; life < 6; life += 1) {
    const began = session.nowMs;
    const packager = session.connect();
    feedFlv(packager, MUXED, 3, (ms) => (session.nowMs = began + ms));
    packager.close();
    await session.recorder.release();
    const volumes = readdirSync(session.directory).filter((name) => name.endsWith('.mp4'));
    const last = join(session.directory, volumes[volumes.length - 1]);
    truncateSync(last, statSync(last).size - random(3000));
    truncateSync(
      join(session.directory, 'index'),
      Math.max(RECORD_BYTES, statSync(join(session.directory, 'index')).size - random(100)),
    );
    const stored = await recoverRecording(session.directory, false);
    const end = await readTimelineEnd(stored);
    assert.ok(end !== null && end.endTicks > endTicks);
    endTicks = end.endTicks;
    const nowMs = session.nowMs + 3000;
    await session.recorder.release();
    session = await RecordedSession.resume(stored, nowMs);
  }
  await session.recorder.close();
  const stored = await readStoredRecording(session.directory);
  assert.ok(stored.ended);
  assert.deepEqual(
    stored.runs.map((run) => run.discontinuity),
    [false, true, true, true, true, true],
  );
  stored.runs
    .slice(1)
    .forEach(({ volume }, i) => assert.ok(volume > stored.runs[i].volume + 30, 'as many behind as time has passed'));
  assert.equal(samplesOf(stored).length > 0, true);
  const text = renderReplayPlaylist(replayTimeline(stored));
  assert.equal(text.split('#EXT-X-DISCONTINUITY\n').length, 6);
  assert.equal(
    recordedTotals(stored).bytes,
    stored.segments.reduce((sum, segment) => sum + segment.end - segment.start, 0),
  );
  assert.deepEqual(await recoverRecording(session.directory, true), stored);
});

test('the end of the timeline is told by video and by audio alone', async (t) => {
  for (const file of [MUXED, AUDIO_ONLY]) {
    const session = await record(t, file);
    const stored = await readStoredRecording(session.directory);
    const end = await readTimelineEnd(stored);
    const last = stored.segments.at(-1);
    assert.ok(end && last);
    assert.ok(Math.abs(end.wallAtZeroMs - 1_700_000_000_000) < 50, String(end.wallAtZeroMs));
    assert.ok(Math.abs(end.wallAtZeroMs + end.endTicks / 90 - (last.programDateTimeMs + last.duration / 90)) < 2);
  }
});

test('a run whose volume never came to be is forgotten, and its number not used again', async (t) => {
  const whole = await record(t);
  rmSync(join(whole.directory, '000002.mp4'));
  const stored = await recoverRecording(whole.directory, false);
  assert.deepEqual(
    stored.runs.map(({ volume }) => volume),
    [1],
  );
  const resumed = await RecordedSession.resume(stored, whole.nowMs);
  const packager = resumed.connect();
  feedFlv(packager, MUXED, 2);
  packager.close();
  await resumed.recorder.close();
  assert.deepEqual(resumed.errors, []);
  const again = await readStoredRecording(whole.directory);
  assert.deepEqual(
    again.runs.map(({ volume }) => volume > 2),
    [false, true],
  );
  assert.equal(samplesOf(again).length, samplesOf(stored).length + 2 * (MUXED.video.length + MUXED.audio.length));
});

test('a volume without a whole init segment is put aside', async (t) => {
  const whole = await record(t);
  truncateSync(join(whole.directory, '000002.mp4'), 100);
  const stored = await recoverRecording(whole.directory, false);
  assert.deepEqual(
    stored.runs.map(({ volume }) => volume),
    [1],
  );
  assert.ok(readdirSync(whole.directory).includes('000002.mp4.torn'));
});

test('an index that is lost is made anew from the volumes', async (t) => {
  const whole = await record(t);
  const complete = await readStoredRecording(whole.directory);
  writeFileSync(join(whole.directory, 'index'), 'not an index at all, and long enough to be a record of it');
  const stored = await recoverRecording(whole.directory, true);
  assert.deepEqual(stored.segments, complete.segments);
  assert.deepEqual(
    stored.runs.map(({ volume, initBytes, discontinuity }) => ({ volume, initBytes, discontinuity })),
    [
      { volume: 1, initBytes: complete.runs[0].initBytes, discontinuity: false },
      { volume: 2, initBytes: complete.runs[1].initBytes, discontinuity: true },
    ],
  );
  assert.ok(stored.ended);
});

test('nothing recorded, and nothing known of it', async (t) => {
  const session = new RecordedSession(recordingScratch(t));
  await session.recorder.release();
  const empty = await recoverRecording(session.directory, true);
  assert.deepEqual([empty.runs, empty.segments, empty.ended], [[], [], true]);
  assert.equal(await readTimelineEnd(empty), null);
  rmSync(join(session.directory, 'meta.json'));
  await assert.rejects(recoverRecording(session.directory, true), { code: 'ENOENT' });
});

test('an init segment that is damaged costs its own volume: those behind it go on with theirs', async (t) => {
  const whole = await record(t);
  const packager = whole.connect();
  feedFlv(packager, MUXED, 6, () => {});
  packager.close();
  await whole.recorder.close();
  assert.deepEqual(
    (await readStoredRecording(whole.directory)).runs.map(({ newInit }) => newInit),
    [true, false, false],
  );
  const init = join(whole.directory, '000001.mp4');
  writeFileSync(init, readFileSync(init).fill(0, 0, 64));
  const stored = await readStoredRecording(whole.directory);
  assert.deepEqual(
    stored.runs.map(({ volume, newInit, discontinuity }) => [volume, newInit, discontinuity]),
    [
      [2, true, true],
      [3, false, true],
    ],
  );
});

test('volumes that were given back keep their segments in the index: media sequence numbers count on', async (t) => {
  const whole = await record(t);
  const complete = await readStoredRecording(whole.directory);
  truncateSync(join(whole.directory, '000001.mp4'), complete.runs[0].initBytes);
  writeFileSync(join(whole.directory, 'meta.json'), JSON.stringify({ ...complete.meta, saveReplay: false }));
  const stored = await recoverRecording(whole.directory, false);
  assert.equal(stored.segments.length, complete.segments.length);
});

test('volumes that a power cut left shorter than the index tells: what is not there is told of no more, ended or not', async (t) => {
  for (const ended of [false, true]) {
    const whole = await record(t);
    const complete = await readStoredRecording(whole.directory);
    if (ended) await whole.recorder.close();
    const second = complete.segments.filter(({ volume }) => volume === 1)[1];
    truncateSync(join(whole.directory, '000001.mp4'), second.end - 1);
    const stored = await recoverRecording(whole.directory, true);
    assert.ok(stored.ended);
    assert.equal(stored.segments.filter(({ volume }) => volume === 1).length, 1);
    assert.deepEqual(
      stored.segments.filter(({ volume }) => volume === 2),
      complete.segments.filter(({ volume }) => volume === 2),
    );
    assert.ok(samplesOf(stored).length > 0);
    assert.deepEqual(await recoverRecording(whole.directory, true), stored);
  }
});

test('a recording is never written over', async (t) => {
  const whole = await record(t);
  const before = readFileSync(join(whole.directory, '000001.mp4'));
  copyFileSync(join(whole.directory, '000001.mp4'), join(whole.directory, '000003.mp4'));
  const packager = whole.connect();
  feedFlv(packager, MUXED, 1);
  packager.close();
  await whole.recorder.close();
  assert.equal((whole.errors[0] as NodeJS.ErrnoException).code, 'EEXIST');
  assert.deepEqual(readFileSync(join(whole.directory, '000003.mp4')), before);
});
