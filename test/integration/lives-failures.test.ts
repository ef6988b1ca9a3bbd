import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { volumeFile } from '../../src/recording/layout.ts';
import { readStoredRecording, recordedTotals } from '../../src/recording/stored-recording.ts';
import { BEGAN, Broadcast, liveRecord } from '../support/broadcast.ts';
import type { TestPublisher } from '../support/broadcast.ts';
import { until } from '../support/until.ts';

const LIVE = liveRecord();
const refused = (code: string) => ({ name: 'Refused', code });

test('the recording can not be made: viewers go on, the session says so, and is recorded as soon as it can be', async (t) => {
  const broadcast = await Broadcast.open(t);
  const recordings = join(broadcast.directory, 'recordings');
  rmSync(recordings, { recursive: true });
  await writeFile(recordings, 'a file where a directory should be');
  const publisher = await broadcast.publish();
  publisher.send(2.1);
  const failed = await until('the session says so', () => broadcast.facts.find(({ error }) => error !== null));
  assert.match(failed.errorDetail ?? '', /recording failed: E/);
  publisher.send(3);
  const listed = broadcast.edge().timeline.segments.next;
  assert.ok(listed >= 4, 'the live goes on');
  rmSync(recordings);
  await mkdir(recordings);
  await untilRecorded(broadcast, publisher);
  publisher.send(2);
  publisher.end();
  await broadcast.lives.shelf.settled();
  const ended = broadcast.newest().get(publisher.sessionId);
  assert.equal(ended?.state, 'ended');
  assert.deepEqual(
    ended.gaps.map(({ beganAt }) => beganAt),
    [ended.startedAt],
  );
  const stored = await readStoredRecording(broadcast.recordingDirectory(publisher.sessionId));
  assert.equal(stored.ended, true);
  assert.deepEqual(
    stored.runs.map(({ volume, newInit, mediaSequence }) => [volume > 1, newInit, mediaSequence >= listed]),
    [[true, true, true]],
  );
  assert.equal(ended.recordedBytes, recordedTotals(stored).bytes);
});

test('whatever fails on the way in leaves no half session and no lock', async (t) => {
  const broadcast = await Broadcast.open(t, { lives: [liveRecord(1, { takeover: 'refuse', reconnectWindowMs: 0 })] });
  // The last step on the way in.
  const { timeline } = broadcast.edge(LIVE.videoUuid);
  const set = (online: boolean): void => {
    if (online) throw new Error('broken');
  };
  Object.defineProperty(timeline, 'online', { configurable: true, get: () => false, set });
  await assert.rejects(broadcast.publish(), refused('internal_error'));
  Object.defineProperty(timeline, 'online', { writable: true, value: false });
  assert.deepEqual(
    [...broadcast.newest().values()].map(({ state, endReason }) => [state, endReason]),
    [['ended', 'internal_error']],
  );
  assert.equal(broadcast.lives.count().onAir, 0);
  await broadcast.lives.shelf.settled();
  await until('nothing is left on disk', () => readdirSync(join(broadcast.directory, 'recordings')).length === 0);
  const publisher = await broadcast.publish();
  publisher.send(1);
});

test('a frame for which there is no memory ends its session, and no other', async (t) => {
  const broadcast = await Broadcast.open(t, { lives: [liveRecord(1, { reconnectWindowMs: 0 })] });
  const publisher = await broadcast.publish();
  broadcast.pool.broken = true;
  assert.throws(() => publisher.send(1), /no memory/);
  publisher.end('disconnected'); // as its connection does with what it can not deal with
  broadcast.pool.broken = false;
  await broadcast.lives.shelf.settled();
  assert.equal(broadcast.pool.bytesInUse, 0);
  const next = await broadcast.publish();
  next.send(1);
});

test('a connection that breaks when it is told keeps nobody from going on', async (t) => {
  const broadcast = await Broadcast.open(t);
  const first = await broadcast.publish();
  first.send(1);
  first.throws = true;
  const second = await broadcast.publish();
  second.send(1);
  second.throws = true;
  await broadcast.lives.remove(LIVE.videoUuid);
  assert.deepEqual([first.closedWith, second.closedWith], [['taken_over'], ['live_deleted']]);
  assert.equal(broadcast.diary.of('live failed').length, 2);
  assert.equal(broadcast.newest().get(second.sessionId)?.state, 'ended');
  await broadcast.lives.shelf.settled();
  assert.equal(broadcast.pool.bytesInUse, 0);
});

test('a step of an end that fails keeps the others from nothing', async (t) => {
  const told: string[] = [];
  let broken = true;
  const writeFact = ({ state }: { state: string }): void => {
    if (broken && state !== 'open') throw new Error('broken');
    told.push(state);
  };
  const broadcast = await Broadcast.open(t, { settings: { writeFact } });
  const publisher = await broadcast.publish();
  publisher.send(1);
  assert.doesNotThrow(() => publisher.end('disconnected'));
  await publisher.ask(LIVE.streamKey);
  publisher.end();
  await broadcast.lives.shelf.settled();
  assert.equal((await readStoredRecording(broadcast.recordingDirectory(publisher.sessionId))).ended, true);
  broken = false;
  const next = await broadcast.publish();
  next.end();
  assert.deepEqual(told.slice(-2), ['open', 'ended']);
  assert.notEqual(next.sessionId, publisher.sessionId);
});

test('a recording that fails: viewers go on, the session says so, and tells what is really on disk', async (t) => {
  let sweep = (): void => {};
  const { setInterval } = globalThis;
  t.mock.method(globalThis, 'setInterval', (callback: () => void, ms: number) => setInterval((sweep = callback), ms));
  const broadcast = await Broadcast.open(t, {
    lives: [liveRecord(1, { dvrWindowS: 60 })],
    settings: { recordingRetryMs: 3_600_000 },
  });
  const publisher = await broadcast.publish();
  publisher.send(2.1);
  publisher.end('disconnected');
  await fillDisk(broadcast, publisher.sessionId, 2);
  await publisher.ask(LIVE.streamKey);
  publisher.send(1);
  const failed = await until('the session says so', () => broadcast.facts.find(({ error }) => error !== null));
  assert.deepEqual([failed.state, failed.error], ['open', 8]);
  assert.match(failed.errorDetail ?? '', /recording failed: E/);
  publisher.send(20);
  const { timeline } = broadcast.edge();
  const { segments } = timeline;
  assert.ok(segments.next >= 22, 'the live goes on');
  for (let row = segments.first; row < segments.next; row += 1) {
    const parts = broadcast.edge().range(publisher.sessionId, 2, segments.start(row), segments.end(row));
    assert.ok(parts, `segment ${row} of ${segments.first} to ${segments.next} is listed, so it is in memory`);
  }
  assert.ok(segments.length >= 6, 'three target durations, at the least, are listed');
  publisher.end();
  await broadcast.lives.shelf.settled();
  const ended = broadcast.newest().get(publisher.sessionId);
  emptyVolume(broadcast, publisher.sessionId, 2);
  const stored = await broadcast.lives.shelf.read(publisher.sessionId, true);
  assert.equal(ended?.error, 8);
  assert.equal(ended.recordedBytes, recordedTotals(stored).bytes);
  assert.equal(ended.recordedMs, recordedTotals(stored).ms);
  assert.ok(broadcast.edge().parts.length > 0);
  sweep();
  assert.equal(broadcast.edge().parts.length, 0, 'no playlist names it any more');
});

test('a disk that has room again: the session is recorded on behind a gap, and no number is given twice, killed or not', async (t) => {
  const broadcast = await Broadcast.open(t, { lives: [liveRecord(1, { dvrWindowS: 60 })] });
  const publisher = await broadcast.publish();
  publisher.send(5.1);
  publisher.end('disconnected');
  await fillDisk(broadcast, publisher.sessionId, 2);
  await publisher.ask(LIVE.streamKey);
  publisher.send(1);
  await until('the session says so', () => broadcast.facts.find(({ error }) => error !== null));
  publisher.send(10);
  const lost = broadcast.edge().timeline.segments.next;

  const killed = await Broadcast.open(t, { from: broadcast, lives: [liveRecord(1, { dvrWindowS: 60 })] });
  assert.ok(
    killed.edge().timeline.segments.next >= lost,
    'killed while nothing is recorded: numbers go on behind what viewers had',
  );

  await untilRecorded(broadcast, publisher);
  publisher.send(5);
  const { timeline } = broadcast.edge();
  const { segments } = timeline;
  for (let row = segments.first; row < segments.next; row += 1) {
    const volume = Number(timeline.runOf(row).baseUri.slice(-6));
    const inMemory = broadcast.edge().range(publisher.sessionId, volume, segments.start(row), segments.end(row));
    assert.ok(inMemory !== null || volume === 3, `segment ${row} is listed, so it is in memory or on disk`);
  }
  publisher.end('disconnected');
  await publisher.ask(LIVE.streamKey);
  publisher.send(3.1);
  const again = await Broadcast.open(t, { from: broadcast, lives: [liveRecord(1, { dvrWindowS: 60 })] });
  const ours = broadcast.edge().timeline.end;
  const after = again.edge().timeline.end;
  assert.ok(ours.mediaSequence - after.mediaSequence <= 1, `${ours.mediaSequence} and ${after.mediaSequence} after a kill`);
  assert.equal(after.discontinuitySequence, ours.discontinuitySequence);
  assert.equal(again.facts.at(-1)?.sessionId, publisher.sessionId, 'and waits for its publisher');
  assert.equal(again.facts.at(-1)?.state, 'interrupted');

  publisher.end();
  await broadcast.lives.shelf.settled();
  const ended = broadcast.newest().get(publisher.sessionId);
  const stored = await readStoredRecording(broadcast.recordingDirectory(publisher.sessionId));
  assert.ok(stored.ended);
  assert.deepEqual(
    stored.runs.map(({ volume, discontinuity }) => [volume, discontinuity]),
    [
      [1, false],
      [3, true],
      [4, true],
    ],
  );
  assert.equal(ended?.recordedBytes, recordedTotals(stored).bytes);
  assert.equal(ended.recordedMs, recordedTotals(stored).ms);
  const gaps = ended.gaps.filter(({ beganAt, endedAt }) => endedAt > beganAt);
  assert.equal(gaps.length, 1);
  assert.ok(Math.abs(gaps[0].beganAt - (BEGAN + 5100)) < 100, 'the gap begins where the recording ended');
});

test('a disk that fails again and again: each time it is taken up again, in a volume of its own', async (t) => {
  const broadcast = await Broadcast.open(t);
  const publisher = await broadcast.publish();
  publisher.send(1.1);
  for (let round = 1; round <= 3; round += 1) {
    publisher.end('disconnected');
    const { length } = broadcast.facts;
    await fillDisk(broadcast, publisher.sessionId, 2 * round);
    await publisher.ask(LIVE.streamKey);
    publisher.send(1.1);
    await until(
      'it fails',
      () => broadcast.facts.slice(length).some(({ error }) => error !== null) && broadcast.lives.count().recordingsFailing === 1,
    );
    await untilRecorded(broadcast, publisher);
    publisher.send(1);
  }
  publisher.end();
  await broadcast.lives.shelf.settled();
  const stored = await readStoredRecording(broadcast.recordingDirectory(publisher.sessionId));
  assert.deepEqual(
    stored.runs.map(({ volume }) => volume),
    [1, 3, 5, 7],
  );
});

test('a recording whose last bytes fail is set right by another fact', async (t) => {
  const broadcast = await Broadcast.open(t);
  const publisher = await broadcast.publish();
  publisher.send(2.1);
  publisher.end('disconnected');
  await fillDisk(broadcast, publisher.sessionId, 2);
  await publisher.ask(LIVE.streamKey);
  publisher.send(1);
  publisher.end();
  assert.equal(broadcast.facts.at(-1)?.error, null);
  await broadcast.lives.shelf.settled();
  const last = broadcast.newest().get(publisher.sessionId);
  assert.deepEqual([last?.state, last?.error], ['ended', 8]);
  assert.ok((last?.recordedMs ?? 0) < 2300);
});

/** Sends until media goes to the disk again. */
async function untilRecorded(broadcast: Broadcast, publisher: TestPublisher): Promise<void> {
  await until('the recording goes on', () => {
    publisher.send(1);
    return broadcast.lives.count().recordingsFailing === 0;
  });
}

/** The volume that comes next finds no room on its disk. */
async function fillDisk(broadcast: Broadcast, sessionId: string, volume: number): Promise<void> {
  const directory = broadcast.recordingDirectory(sessionId);
  await until('the recording is there', () => existsSync(directory));
  symlinkSync('/dev/full', join(directory, volumeFile(volume)));
}

/** What a full disk has of a volume that could not be written. */
function emptyVolume(broadcast: Broadcast, sessionId: string, volume: number): void {
  const file = join(broadcast.recordingDirectory(sessionId), volumeFile(volume));
  rmSync(file);
  writeFileSync(file, '');
}
