import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readStoredRecording, recordedTotals } from '../../src/recording/stored-recording.ts';
import { Broadcast, liveRecord, OWNER } from '../support/broadcast.ts';
import { until } from '../support/until.ts';

const LIVE = liveRecord();
const refused = (code: string) => ({ name: 'Refused', code });

test('a session: facts in order, its recording whole, sizes as they are on disk', async (t) => {
  const broadcast = await Broadcast.open(t);
  const publisher = await broadcast.publish();
  publisher.send(3.3);
  publisher.end();
  await broadcast.lives.shelf.settled();
  assert.deepEqual(
    broadcast.facts.map(({ revision, state, endReason }) => [revision, state, endReason]),
    [
      [1, 'open', null],
      [2, 'open', null],
      [3, 'ended', 'unpublished'],
    ],
  );
  const stored = await readStoredRecording(broadcast.recordingDirectory(publisher.sessionId));
  assert.equal(stored.ended, true);
  const { bytes, ms, width, height } = recordedTotals(stored);
  assert.ok(ms > 3200, 'the last part, which was not whole yet, is there');
  assert.partialDeepStrictEqual(broadcast.facts[2], { recordedBytes: bytes, recordedMs: ms, width, height });
  assert.deepEqual(
    broadcast.diary.lines.filter(({ level }) => level > 30),
    [],
  );
});

test('a session ends before the next one of its live begins, and their numbers go on', async (t) => {
  const broadcast = await Broadcast.open(t);
  for (let round = 0; round < 3; round += 1) {
    const publisher = await broadcast.publish();
    publisher.send(2);
    publisher.end();
  }
  const told = broadcast.facts.map(({ sessionId, state }) => `${state} ${sessionId}`);
  const ids = [...broadcast.newest().keys()];
  assert.deepEqual(
    told,
    ids.flatMap((id) => [`open ${id}`, `open ${id}`, `ended ${id}`]),
  );
  const { timeline } = broadcast.edge();
  assert.equal(timeline.segments.next, 6);
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].map((row) => timeline.discontinuityBefore(row)),
    [false, false, true, false, true, false],
  );
});

test('taking over: the first publisher is told, and the session goes on in one recording', async (t) => {
  const broadcast = await Broadcast.open(t);
  const first = await broadcast.publish();
  first.send(1.5);
  const second = await broadcast.publish();
  assert.deepEqual(first.closedWith, ['taken_over']);
  assert.equal(second.sessionId, first.sessionId);
  first.end('disconnected');
  second.send(1.5);
  second.end();
  assert.equal(broadcast.newest().get(second.sessionId)?.state, 'ended');
  const revisions = broadcast.facts.map(({ revision }) => revision);
  assert.equal(new Set(revisions).size, revisions.length, 'no revision tells two things');
  assert.deepEqual(
    [...broadcast.newest().values()].map(({ gaps, recordedMs }) => [gaps.length, Math.round(recordedMs / 100)]),
    [[1, 30]],
  );
});

test('taking over before the first part was whole: it is on air with it, and each fact has a revision of its own', async (t) => {
  const broadcast = await Broadcast.open(t);
  const first = await broadcast.publish();
  first.send(0.1);
  const second = await broadcast.publish();
  second.send(1);
  second.end();
  const revisions = broadcast.facts.map(({ revision }) => revision);
  assert.equal(new Set(revisions).size, revisions.length, `${revisions.join()}: no revision tells two things`);
  assert.deepEqual(broadcast.facts.at(-1)?.gaps.length, 1);
});

test('a live that refuses a second publisher takes one when the first is silent', async (t) => {
  const broadcast = await Broadcast.open(t, { lives: [liveRecord(1, { takeover: 'refuse' })] });
  const first = await broadcast.publish();
  first.send(1);
  await assert.rejects(broadcast.publish(), refused('already_publishing'));
  assert.deepEqual(first.closedWith, []);
  broadcast.nowMs += 6000;
  const second = await broadcast.publish();
  assert.equal(second.sessionId, first.sessionId);
});

test('two publishers that fight for one key: the holder stays, and the log names both', async (t) => {
  const broadcast = await Broadcast.open(t);
  for (let n = 0; n < 4; n += 1) (await broadcast.publish()).send(0.5);
  await assert.rejects(broadcast.publish(), refused('takeover_held_down'));
  await assert.rejects(broadcast.publish(), refused('takeover_held_down'));
  const warnings = broadcast.diary.lines.filter((line) => line['warning'] === 'takeover_held_down');
  assert.equal(warnings.length, 1);
  assert.ok(['holder', 'newcomer'].every((who) => typeof (warnings[0][who] as { address: unknown }).address === 'string'));
  // Silent for 5 s: it loses all the same.
  broadcast.nowMs += 5000;
  await broadcast.publish();
});

test('an abrupt end waits for the publisher, a gap is kept, and the window ends what is not taken up', async (t) => {
  const broadcast = await Broadcast.open(t, { lives: [liveRecord(1, { reconnectWindowMs: 300 })] });
  const first = await broadcast.publish();
  first.send(2);
  const cutAt = broadcast.nowMs;
  first.end('timed_out');
  broadcast.nowMs += 5000;
  const second = await broadcast.publish();
  assert.equal(second.sessionId, first.sessionId);
  // An encoder that stood still: its clock goes on where it was, ours did not wait.
  second.clockMs = 2000;
  second.send(2);
  const { timeline } = broadcast.edge();
  const dates = [0, 1, 2].map((row) => timeline.segments.programDateTimeMs(row));
  assert.ok(Math.abs(dates[2] - dates[0] - 7000) < 100, 'the time that passed is not filled');
  second.end('disconnected');
  const ended = await broadcast.fact(first.sessionId, 'ended');
  assert.deepEqual(ended.gaps, [{ beganAt: cutAt, endedAt: cutAt + 5000 }]);
  assert.deepEqual([ended.endReason, ended.endedAt], ['window_elapsed', cutAt + 7000]);
});

test('nobody publishes with a wrong key, for a blocked owner, or to a live that was and is not permanent', async (t) => {
  const once = liveRecord(2, { permanent: false });
  const broadcast = await Broadcast.open(t, { lives: [LIVE, once, liveRecord(3, { ownerBlocked: true })] });
  await assert.rejects(broadcast.publish('no such key'), refused('unknown_key'));
  await assert.rejects(broadcast.publish(liveRecord(3).streamKey), refused('blocked'));
  const publisher = await broadcast.publish(once.streamKey);
  publisher.send(1);
  publisher.end();
  await assert.rejects(broadcast.publish(once.streamKey), refused('live_ended'));
  assert.equal(broadcast.edge(once.videoUuid).timeline.ended, true);
  // It is made permanent after all.
  broadcast.lives.put({ ...once, permanent: true });
  assert.equal(broadcast.edge(once.videoUuid).timeline.ended, false);
  (await broadcast.publish(once.streamKey)).end();
});

test('a live that becomes permanent while on air is permanent after, one that ceases to be is as its session was', async (t) => {
  const lives = [liveRecord(1, { permanent: false }), liveRecord(2, { permanent: true })];
  const broadcast = await Broadcast.open(t, { lives });
  for (const live of lives) {
    const publisher = await broadcast.publish(live.streamKey);
    publisher.send(1);
    broadcast.lives.put({ ...live, permanent: !live.permanent });
    publisher.end();
    assert.equal(broadcast.newest().get(publisher.sessionId)?.permanent, live.permanent, 'the session keeps its copy');
    assert.equal(broadcast.edge(live.videoUuid).timeline.ended, false);
    (await broadcast.publish(live.streamKey)).end();
  }
});

test('a live that is deleted: its publisher is told, viewers too, and only what asked for a replay stays', async (t) => {
  const lives = [liveRecord(1, { saveReplay: true }), liveRecord(2, { saveReplay: false, replayPrivacy: null })];
  const broadcast = await Broadcast.open(t, { lives });
  for (const live of lives) {
    const ended = await broadcast.publish(live.streamKey);
    ended.send(2);
    ended.end();
    const publisher = await broadcast.publish(live.streamKey);
    publisher.send(2);
    const edge = broadcast.edge(live.videoUuid);
    let ending = false;
    edge.onChange(() => (ending = edge.timeline.ended));
    await broadcast.lives.remove(live.videoUuid);
    assert.deepEqual(publisher.closedWith, ['live_deleted']);
    assert.ok(ending, 'who waits for the next part hears of the end');
    assert.equal(broadcast.newest().get(publisher.sessionId)?.endReason, 'live_deleted');
    assert.equal(broadcast.lives.playback(live.videoUuid), null);
    await assert.rejects(broadcast.publish(live.streamKey), refused('unknown_key'));
    for (const { sessionId } of [ended, publisher]) {
      assert.equal(broadcast.lives.ownersOfMedia(sessionId), null, 'nobody may watch what belongs to nobody');
      assert.equal(existsSync(broadcast.recordingDirectory(sessionId)), live.saveReplay);
    }
    publisher.send(1);
    publisher.end('disconnected');
  }
  await broadcast.lives.close();
  assert.deepEqual(readdirSync(join(broadcast.directory, 'lives')), [], 'nor is its place in the playlist kept');
});

test('connections without media leave nothing on disk and nothing in memory', async (t) => {
  const broadcast = await Broadcast.open(t);
  for (let round = 0; round < 20; round += 1) (await broadcast.publish()).end();
  await until('no recording is left', () => readdirSync(join(broadcast.directory, 'recordings')).length === 0);
  assert.equal(broadcast.edge().timeline.segments.next, 0);
  for (const sessionId of broadcast.newest().keys()) assert.equal(broadcast.lives.ownersOfMedia(sessionId), null);
});

test('recordings without a replay go with the window, those with one stay, and what has left the window is forgotten', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const lives = [liveRecord(1, { saveReplay: true }), liveRecord(2, { saveReplay: false, replayPrivacy: null })];
  const broadcast = await Broadcast.open(t, { lives });
  const ids = { saved: [] as string[], passing: [] as string[] };
  for (const [kind, live] of [
    ['saved', lives[0]],
    ['passing', lives[1]],
  ] as const) {
    for (let round = 0; round < 6; round += 1) {
      const publisher = await broadcast.publish(live.streamKey);
      publisher.send(10);
      publisher.end();
      ids[kind].push(publisher.sessionId);
    }
  }
  await broadcast.lives.shelf.settled();
  const there = (sessionId: string): boolean => existsSync(broadcast.recordingDirectory(sessionId));
  t.mock.timers.tick(30_000);
  await until('those that have left the window are deleted', () => !there(ids.passing[1]));
  assert.deepEqual(ids.saved.map(there), [true, true, true, true, true, true]);
  // 30 s are listed: the newest three.
  assert.deepEqual(ids.passing.slice(3).map(there), [true, true, true]);
  assert.deepEqual(
    [...ids.saved, ...ids.passing].map((id) => broadcast.lives.ownersOfMedia(id) !== null),
    [false, false, false, true, true, true, false, false, false, true, true, true],
  );
  broadcast.nowMs += 31_000;
  t.mock.timers.tick(30_000);
  await until('nothing follows: the window passes', () => ids.passing.every((id) => !there(id)));
  assert.equal(broadcast.edge(lives[1].videoUuid).timeline.segments.length, 0);
  assert.equal(
    broadcast.edge(lives[0].videoUuid).timeline.segments.length,
    30,
    'what is kept for its replay is kept in the window',
  );
  assert.deepEqual(ids.saved.map(there), [true, true, true, true, true, true]);
});

test('a replay that is deleted while its segments are in the window: the playlist is cut behind them', async (t) => {
  const broadcast = await Broadcast.open(t);
  const sessions = [];
  for (let round = 0; round < 3; round += 1) {
    const publisher = await broadcast.publish();
    publisher.send(2);
    publisher.end();
    sessions.push(publisher.sessionId);
    broadcast.lives.putReplay({ videoUuid: publisher.sessionId, sessionId: publisher.sessionId, privacy: 1, ownerId: OWNER });
  }
  const { timeline } = broadcast.edge();
  const before = timeline.end;
  await broadcast.lives.removeReplay({ videoUuid: sessions[1], sessionId: sessions[1] });
  assert.deepEqual([timeline.segments.first, timeline.segments.next], [4, 6]);
  assert.deepEqual(timeline.end, before);
  assert.deepEqual(
    sessions.map((id) => existsSync(broadcast.recordingDirectory(id))),
    [true, false, true],
  );
  assert.deepEqual(
    sessions.map((id) => broadcast.lives.ownersOfMedia(id) !== null),
    [true, false, true],
  );
});

test('media may be watched by whom its live or its replay allows', async (t) => {
  const broadcast = await Broadcast.open(t, { lives: [liveRecord(1, { privacy: 3 })] });
  const publisher = await broadcast.publish();
  publisher.send(2);
  const { sessionId } = publisher;
  const privacies = (): number[] => broadcast.lives.ownersOfMedia(sessionId)?.rights.map(({ privacy }) => privacy) ?? [];
  assert.deepEqual(privacies(), [3]);
  broadcast.lives.put(liveRecord(1, { privacy: 1 }));
  assert.deepEqual(privacies(), [1]);
  publisher.end();
  broadcast.lives.putReplay({ videoUuid: sessionId, sessionId, privacy: 3, ownerId: OWNER });
  assert.deepEqual(privacies(), [3, 1]);
});

test('a live that became its replay: the replay alone says who may watch, and it is no live again', async (t) => {
  const once = liveRecord(1, { permanent: false });
  const broadcast = await Broadcast.open(t, { lives: [once] });
  const publisher = await broadcast.publish();
  publisher.send(2);
  publisher.end();
  const { sessionId } = publisher;
  const replay = { videoUuid: once.videoUuid, sessionId, privacy: 1, ownerId: OWNER };
  broadcast.lives.putReplay(replay);
  assert.equal(broadcast.lives.playback(once.videoUuid)?.kind, 'replay');
  broadcast.lives.putReplay({ ...replay, privacy: 3 });
  assert.deepEqual(
    broadcast.lives.ownersOfMedia(sessionId)?.rights.map(({ privacy }) => privacy),
    [3],
  );
  // What was changed of the live a moment before comes late.
  broadcast.lives.put(once);
  assert.equal(broadcast.lives.playback(once.videoUuid)?.kind, 'replay');
  await assert.rejects(broadcast.publish(once.streamKey), refused('unknown_key'));
});

test('a closed door: publishers are told to come back, and nothing keeps the process', async (t) => {
  const broadcast = await Broadcast.open(t);
  const publisher = await broadcast.publish();
  publisher.send(1);
  await broadcast.lives.close();
  assert.deepEqual(publisher.closedWith, ['server_closing']);
  await assert.rejects(broadcast.publish(), refused('server_closing'));
  assert.equal(broadcast.newest().get(publisher.sessionId)?.state, 'interrupted');
  assert.equal(broadcast.pool.bytesInUse, 0, 'all memory has come back');
});

test('a live that is off air holds no media in memory: its window is read from the recording', async (t) => {
  const broadcast = await Broadcast.open(t, { lives: [liveRecord(1, { reconnectWindowMs: 0, dvrWindowS: 60 })] });
  const publisher = await broadcast.publish();
  publisher.send(8);
  assert.ok(broadcast.pool.bytesInUse > 0);
  publisher.end();
  await broadcast.lives.shelf.settled();
  assert.equal(broadcast.pool.bytesInUse, 0);
  assert.ok(broadcast.edge(liveRecord(1).videoUuid).timeline.segments.length > 0);
  // The next session's media is kept while the one before is being closed.
  const second = await broadcast.publish();
  second.send(4);
  second.end();
  const third = await broadcast.publish();
  third.send(4);
  await broadcast.lives.shelf.settled();
  assert.ok(broadcast.pool.bytesInUse > 0);
});
