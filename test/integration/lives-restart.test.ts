import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderLivePlaylist } from '../../src/packager/media-playlist.ts';
import { volumeFile, volumeNumber } from '../../src/recording/layout.ts';
import { readStoredRecording } from '../../src/recording/stored-recording.ts';
import { BEGAN, Broadcast, liveRecord, OWNER } from '../support/broadcast.ts';
import { parsePlaylist } from '../support/playlist.ts';
import { until } from '../support/until.ts';

const LIVE = liveRecord();
const PASSING = { saveReplay: false, replayPrivacy: null };

/** A live of so many sessions of `seconds` each. */
async function broadcastOf(broadcast: Broadcast, sessions: number, seconds = 2): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < sessions; n += 1) {
    const publisher = await broadcast.publish();
    publisher.send(seconds);
    publisher.end();
    ids.push(publisher.sessionId);
  }
  await broadcast.lives.shelf.settled();
  return ids;
}

function timelineOf(broadcast: Broadcast, videoUuid = LIVE.videoUuid) {
  return broadcast.edge(videoUuid).timeline;
}

/** URIs of segments, each with its media and discontinuity sequence numbers: what a player knows them by. */
function numbered(broadcast: Broadcast): Map<string, string> {
  const playlist = parsePlaylist(renderLivePlaylist(timelineOf(broadcast), false));
  let discontinuities = playlist.discontinuitySequence;
  return new Map(
    playlist.segments.map(({ uri, sequence, discontinuity }) => {
      if (discontinuity) discontinuities += 1;
      return [String(uri), `${sequence} ${discontinuities}`];
    }),
  );
}

test('closed and started again: the session waits for its publisher, and its playlist goes on where it was', async (t) => {
  const before = await Broadcast.open(t);
  await broadcastOf(before, 2);
  const publisher = await before.publish();
  publisher.send(2);
  await before.lives.close();
  const known = numbered(before);
  const after = await Broadcast.open(t, { from: before });
  assert.deepEqual(numbered(after), known);
  const again = await after.publish();
  assert.equal(again.sessionId, publisher.sessionId);
  again.send(2);
  assert.deepEqual([...numbered(after).values()], ['0 0', '1 0', '2 1', '3 1', '4 2', '5 2', '6 3']);
  again.end();
  const ended = after.newest().get(again.sessionId);
  assert.deepEqual([ended?.state, ended?.gaps.length, Math.round((ended?.recordedMs ?? 0) / 100)], ['ended', 1, 40]);
});

test('killed: what was recorded is there, and the session is taken up or ends at it', async (t) => {
  const before = await Broadcast.open(t, { lives: [liveRecord(1, { reconnectWindowMs: 200 })] });
  const publisher = await before.publish();
  publisher.send(3.5);
  const volume = join(before.recordingDirectory(publisher.sessionId), '000001.mp4');
  await until('it is on its way to the disk', () => existsSync(volume) && readFileSync(volume).length > 80_000);
  const after = await Broadcast.open(t, { from: before, lives: [liveRecord(1, { reconnectWindowMs: 200 })] });
  const ended = await after.fact(publisher.sessionId, 'ended');
  assert.equal(ended.endReason, 'window_elapsed');
  assert.ok(ended.recordedMs > 3000, 'all but the part that was open');
  assert.ok(Math.abs((ended.endedAt ?? 0) - (BEGAN + ended.recordedMs)) < 200, 'it ended when its media did');
  const revisions = [...before.facts, ...after.facts].map(({ revision }) => revision);
  assert.deepEqual(
    revisions,
    [...revisions].sort((a, b) => a - b),
  );
});

test('numbers never go back: not over deleted recordings, nor when nothing but the state is left', async (t) => {
  const first = await Broadcast.open(t);
  const ids = await broadcastOf(first, 3);
  const end = timelineOf(first).end;
  assert.deepEqual([end.mediaSequence, end.discontinuitySequence], [6, 2]);

  // The newest replay is deleted: older recordings are there, but a new session must not get its numbers.
  await first.lives.removeReplay({ videoUuid: ids[2], sessionId: ids[2] });
  await first.lives.close();
  const second = await Broadcast.open(t, { from: first });
  assert.deepEqual(timelineOf(second).end, end);
  assert.equal(timelineOf(second).segments.length, 0);
  await broadcastOf(second, 1);
  assert.deepEqual([...numbered(second).values()], ['6 3', '7 3']);

  // One in the middle: only what follows it can stand in the playlist.
  await second.lives.close();
  rmSync(second.recordingDirectory(ids[1]), { recursive: true });
  const third = await Broadcast.open(t, { from: second });
  assert.deepEqual([...numbered(third).values()], ['6 3', '7 3']);

  await third.lives.close();
  rmSync(join(third.directory, 'recordings'), { recursive: true });
  const fourth = await Broadcast.open(t, { from: third });
  assert.deepEqual([timelineOf(fourth).end.mediaSequence, timelineOf(fourth).end.discontinuitySequence], [8, 3]);
});

test('numbers never go back when the state was not written, or is damaged', async (t) => {
  const before = await Broadcast.open(t, { lives: [liveRecord(1, PASSING)] });
  await broadcastOf(before, 1);
  const publisher = await before.publish();
  publisher.send(4);
  publisher.end('disconnected');
  const state = join(before.directory, 'lives', `${LIVE.videoUuid}.json`);
  const crashed = await Broadcast.open(t, { from: before, lives: [liveRecord(1, PASSING)], openSessions: [] });
  assert.equal(timelineOf(crashed).end.mediaSequence, 6);
  assert.equal(
    (JSON.parse(readFileSync(join(crashed.directory, 'lives', `${LIVE.videoUuid}.json`), 'utf8')) as { mediaSequence: number })
      .mediaSequence,
    6,
  );
  await before.lives.close();

  for (const damage of ['', '{"mediaSequence":', '{"mediaSequence":null,"discontinuitySequence":0,"targetDuration":2}']) {
    writeFileSync(state, damage);
    const after = await Broadcast.open(t, { from: before });
    assert.ok(timelineOf(after).end.mediaSequence >= 6, damage);
    const told = after.diary.of('playlist state is damaged: the playlist goes on from a number that is new for sure').length;
    assert.equal(told, damage === '' ? 0 : 1, 'a file that was never written is none');
  }
});

test('a recording that can not be read costs itself, not the start, and not its numbers', async (t) => {
  const before = await Broadcast.open(t, { lives: [LIVE, liveRecord(2)] });
  const [, damaged] = await broadcastOf(before, 2);
  await before.lives.close();
  rmSync(join(before.directory, 'lives'), { recursive: true });
  breakRecording(before.recordingDirectory(damaged));
  const after = await Broadcast.open(t, { from: before, lives: [LIVE, liveRecord(2)] });
  assert.ok(timelineOf(after).end.mediaSequence >= 4);
  assert.ok(existsSync(after.recordingDirectory(damaged)), 'what asked for a replay is never deleted');
  (await after.publish(liveRecord(2).streamKey)).send(1);
});

test('an open session whose recording was closed for good is not written to again: it has ended', async (t) => {
  const before = await Broadcast.open(t, { lives: [liveRecord(1, { permanent: false })] });
  const publisher = await before.publish();
  publisher.send(2);
  const open = before.openSessions();
  publisher.end();
  await before.lives.shelf.settled();
  // Its last fact did not reach the ledger.
  const after = await Broadcast.open(t, { from: before, lives: [liveRecord(1, { permanent: false })], openSessions: open });
  const ended = after.newest().get(publisher.sessionId);
  assert.deepEqual(
    [ended?.state, ended?.endReason, ended?.recordedMs],
    ['ended', 'server_stopped', before.facts.at(-1)?.recordedMs],
  );
  await assert.rejects(after.publish(), { code: 'live_ended' });
  assert.equal(timelineOf(after).ended, true);
});

test('a session that was killed before its first fact was on the disk has ended, with all that was recorded', async (t) => {
  const before = await Broadcast.open(t);
  await broadcastOf(before, 1);
  const told = [...before.newest().values()];
  const publisher = await before.publish();
  publisher.send(4);
  publisher.end('disconnected');
  await before.lives.shelf.settled();
  const after = await Broadcast.open(t, { from: before, openSessions: told });
  const { revision, state, saveReplay, recordedMs } = after.newest().get(publisher.sessionId) ?? {};
  assert.deepEqual([revision, state, saveReplay], [1, 'ended', true], 'a database that knows the session takes no notice');
  assert.ok((recordedMs ?? 0) >= 3000);
  const again = await Broadcast.open(t, { from: after, openSessions: [...told, ...after.newest().values()] });
  assert.deepEqual(again.facts, []);
});

test('what the database was told while the disk took no facts is not what counts after a restart', async (t) => {
  const before = await Broadcast.open(t);
  const publisher = await before.publish();
  publisher.send(2);
  const onDisk = before.openSessions();
  publisher.end('disconnected');
  await publisher.ask(LIVE.streamKey);
  publisher.end('disconnected');
  const toldLast = before.newest().get(publisher.sessionId)?.revision ?? Infinity;
  const after = await Broadcast.open(t, { from: before, openSessions: onDisk });
  const first = after.facts.find(({ sessionId }) => sessionId === publisher.sessionId);
  assert.ok((first?.revision ?? 0) > toldLast, `${first?.revision} > ${toldLast}`);
});

test('a damaged meta costs nothing of a replay, and no number of its live', async (t) => {
  const before = await Broadcast.open(t);
  const [sessionId] = await broadcastOf(before, 1);
  const whole = await before.lives.readRecording(sessionId);
  const replays = [{ videoUuid: sessionId, sessionId, privacy: 1, ownerId: OWNER }];
  await before.lives.close();
  const file = join(before.recordingDirectory(sessionId), 'meta.json');
  const meta = readFileSync(file, 'utf8');
  for (const damaged of [
    '',
    meta.slice(0, -2),
    'null',
    meta.replace('mediaSequence', 'mediaSequenz'),
    meta.replace('saveReplay', 'saveRepley'),
    meta.replace(sessionId, sessionId.replaceAll('0', '1')),
  ]) {
    writeFileSync(file, damaged);
    const after = await Broadcast.open(t, { from: before, replays });
    const stored = await after.lives.readRecording(sessionId);
    assert.deepEqual(
      [stored.segments, stored.meta.sessionId, stored.meta.startedAt],
      [whole.segments, sessionId, BEGAN],
      damaged,
    );
    const { mediaSequence } = timelineOf(after).end;
    assert.ok(mediaSequence >= whole.segments.length, `${mediaSequence} ${damaged}`);
  }
});

test('two open sessions of one live: the older one has ended before the newer began', async (t) => {
  const before = await Broadcast.open(t);
  const [older] = await broadcastOf(before, 1);
  const open = before.facts.filter(({ sessionId, state }) => sessionId === older && state === 'open').slice(-1);
  const publisher = await before.publish();
  publisher.send(2);
  await before.lives.close();
  const after = await Broadcast.open(t, { from: before, openSessions: [...open, ...before.openSessions()] });
  const ended = after.newest().get(older);
  assert.equal(ended?.state, 'ended');
  assert.ok((ended.endedAt ?? Infinity) <= (before.newest().get(publisher.sessionId)?.startedAt ?? 0));
  const again = await after.publish();
  assert.equal(again.sessionId, publisher.sessionId);
  again.send(1);
});

test('an open session of a live that is gone, or whose recording is gone, ends', async (t) => {
  const before = await Broadcast.open(t, { lives: [LIVE, liveRecord(2)] });
  const ofGone = await before.publish();
  ofGone.send(2);
  const lost = await before.publish(liveRecord(2).streamKey);
  lost.send(2);
  await before.lives.close();
  rmSync(before.recordingDirectory(lost.sessionId), { recursive: true });
  const after = await Broadcast.open(t, { from: before, lives: [liveRecord(2)] });
  assert.deepEqual(
    [ofGone, lost].map(({ sessionId }) => [after.newest().get(sessionId)?.state, after.newest().get(sessionId)?.endReason]),
    [
      ['ended', 'server_stopped'],
      ['ended', 'server_stopped'],
    ],
  );
  assert.ok(existsSync(after.recordingDirectory(ofGone.sessionId)), 'it asked for a replay');
  (await after.publish(liveRecord(2).streamKey)).send(1);
});

test('recordings that nobody may ask for are deleted at the start, and those that asked for a replay never', async (t) => {
  const lives = [liveRecord(1, PASSING), liveRecord(2)];
  const before = await Broadcast.open(t, { lives });
  const ids: Record<string, string> = {};
  for (const [name, live] of [
    ['passing, out of the window', lives[0]],
    ['passing', lives[0]],
    ['saved', lives[1]],
  ] as const) {
    const publisher = await before.publish(live.streamKey);
    publisher.send(name === 'passing' ? 40 : 2);
    publisher.end();
    ids[name] = publisher.sessionId;
  }
  await before.lives.close();
  const there = (broadcast: Broadcast): string[] =>
    Object.entries(ids).flatMap(([name, id]) => (existsSync(broadcast.recordingDirectory(id)) ? name : []));
  assert.deepEqual(there(await Broadcast.open(t, { from: before, lives })), ['passing', 'saved']);
  // Another database, or one that has forgotten: what was promised is kept.
  assert.deepEqual(there(await Broadcast.open(t, { from: before, lives: [] })), ['saved']);
  const replay = { videoUuid: ids.passing, sessionId: ids.passing, privacy: 1, ownerId: OWNER };
  assert.deepEqual(there(await Broadcast.open(t, { from: before, lives: [], replays: [replay] })), ['passing', 'saved']);
});

test('a live that became its replay is the replay after a restart, whatever the list of lives says', async (t) => {
  const once = liveRecord(1, { permanent: false });
  const before = await Broadcast.open(t, { lives: [once] });
  const [sessionId] = await broadcastOf(before, 1);
  await before.lives.close();
  const replays = [{ videoUuid: once.videoUuid, sessionId, privacy: 1, ownerId: OWNER }];
  const after = await Broadcast.open(t, { from: before, lives: [once], replays });
  assert.equal(after.lives.playback(once.videoUuid)?.kind, 'replay');
  await assert.rejects(after.publish(), { code: 'unknown_key' });
});

test('a window over several recordings holds what it held, and a long recording is not read whole into it', async (t) => {
  const lives = [liveRecord(1, { dvrWindowS: 3 * 60 })];
  const before = await Broadcast.open(t, { lives });
  const publisher = await before.publish();
  publisher.send(25 * 60, 60);
  publisher.end();
  await broadcastOf(before, 2, 60);
  await before.lives.close();
  const known = numbered(before);
  assert.equal(known.size, 180);
  const after = await Broadcast.open(t, { from: before, lives });
  assert.deepEqual([...numbered(after)], [...known]);
  const stored = await readStoredRecording(after.recordingDirectory(publisher.sessionId));
  assert.deepEqual([stored.runs.length, stored.segments.length], [3, 1500]);
});

test('volumes of a session without a replay go with the window, over a restart too', async (t) => {
  const lives = [liveRecord(1, PASSING)];
  const before = await Broadcast.open(t, { lives });
  const publisher = await before.publish();
  publisher.send(11 * 60, 60);
  await before.lives.close();
  const after = await Broadcast.open(t, { from: before, lives });
  const again = await after.publish();
  const volume = (n: number): number => readFileSync(join(after.recordingDirectory(again.sessionId), volumeFile(n))).length;
  const whole = volume(2);
  again.send(60, 60);
  await until('the first and second volumes have been given back', () => volume(1) < 2000 && volume(2) < whole);
  const newest = (): number =>
    Math.max(...readdirSync(after.recordingDirectory(again.sessionId)).map((name) => volumeNumber(name) ?? 0));
  await until('and the next is written', () => newest() > 100 && volume(newest()) > 100_000);
});

test('a power cut in the first second: what is there is kept, what is not is told, and numbers go on behind', async (t) => {
  const before = await Broadcast.open(t);
  const publisher = await before.publish();
  publisher.send(3.1);
  await until('all but the open part is on disk', async () => {
    const stored = await readStoredRecording(before.recordingDirectory(publisher.sessionId)).catch(() => null);
    return stored !== null && readFileSync(join(stored.directory, volumeFile(1))).length > 60_000;
  });
  const { next } = timelineOf(before).segments;
  const recording = join('recordings', publisher.sessionId);
  for (const lost of [[], [volumeFile(1), 'index'], ['.']]) {
    const cut = new Broadcast(mkdtempSync(join(tmpdir(), 'reprise-cut-')), before.nowMs, {});
    t.after(async () => {
      await cut.lives.close();
      rmSync(cut.directory, { recursive: true });
    });
    cpSync(before.directory, cut.directory, { recursive: true });
    writeFileSync(join(cut.directory, recording, 'meta.json'), '');
    for (const name of lost) rmSync(join(cut.directory, recording, name), { recursive: true });
    await cut.lives.start({ lives: [LIVE], replays: [] }, before.openSessions());
    await cut.lives.loaded;
    const ended = cut.newest().get(publisher.sessionId);
    assert.equal(ended?.state, 'ended');
    if (lost.length === 0) assert.ok(ended.error === null && ended.recordedMs >= 2800, `${ended.recordedMs} ms`);
    else assert.deepEqual([ended.error, ended.recordedMs], [8, 0], ended.errorDetail ?? '');
    assert.ok(timelineOf(cut).segments.next > next);
    const again = await cut.publish();
    again.send(1);
  }
});

test('a thousand sessions: the start reads those of the window, not all', async (t) => {
  const before = await Broadcast.open(t);
  const ids = await broadcastOf(before, 3, 20);
  await before.lives.close();
  const recordings = join(before.directory, 'recordings');
  const meta = JSON.parse(readFileSync(join(recordings, ids[0], 'meta.json'), 'utf8')) as Record<string, unknown>;
  breakRecording(join(recordings, ids[0]));
  for (let n = 0; n < 1000; n += 1) {
    const sessionId = `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
    mkdirSync(join(recordings, sessionId, 'index'), { recursive: true });
    writeFileSync(join(recordings, sessionId, 'meta.json'), JSON.stringify({ ...meta, sessionId, startedAt: BEGAN - n }));
  }
  const after = await Broadcast.open(t, { from: before });
  assert.equal(timelineOf(after).segments.length, 30);
  assert.deepEqual(after.diary.of('recording could not be read'), []);
});

/** Whatever reads it fails. */
function breakRecording(directory: string): void {
  const index = join(directory, 'index');
  rmSync(index);
  mkdirSync(index);
}

test('a live that takes long to load keeps its own publisher and players waiting, and nobody else', async (t) => {
  const lives = [liveRecord(1), liveRecord(2)];
  const before = await Broadcast.open(t, { lives });
  const publisher = await before.publish();
  publisher.send(3.1);
  publisher.end('disconnected');
  await before.lives.close();
  // Opening a pipe waits for its other end.
  const volume = join(before.recordingDirectory(publisher.sessionId), volumeFile(1));
  rmSync(volume);
  execFileSync('mkfifo', [volume]);

  const after = new Broadcast(before.directory, before.nowMs, {});
  t.after(() => after.lives.close());
  await after.lives.start({ lives, replays: [] }, before.openSessions());
  const other = await after.publish(lives[1].streamKey);
  other.send(1);
  let admitted = false;
  const waiting = after.publish(lives[0].streamKey).then((taken) => {
    admitted = true;
    return taken;
  });
  const playable = after.lives.loading({ videoUuid: lives[0].videoUuid });
  assert.notEqual(playable, null);
  assert.equal(after.lives.loading({ videoUuid: lives[1].videoUuid }), null);
  assert.deepEqual([after.lives.count().lives, after.lives.directory().lives.length], [2, 2]);
  after.lives.put({ ...lives[0], name: 'renamed meanwhile' });
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(admitted, false);
  const pipe = openSync(volume, 'r+');
  t.after(() => closeSync(pipe));
  const taken = await waiting;
  await playable;
  taken.send(1);
  await after.lives.loaded;
  assert.equal(after.lives.liveRecord(lives[0].videoUuid)?.name, 'renamed meanwhile');
});
