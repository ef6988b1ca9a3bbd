import assert from 'node:assert/strict';
import { readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { volumeFile } from '../../src/recording/layout.ts';
import { readStoredRecording, recordedTotals } from '../../src/recording/stored-recording.ts';
import { Broadcast, liveRecord } from '../support/broadcast.ts';
import { until } from '../support/until.ts';

const LIVE = liveRecord();
const refused = (code: string) => ({ name: 'Refused', code });

test('the recording can not be made: refused, nothing is left, and the next try is admitted', async (t) => {
  const broadcast = await Broadcast.open(t);
  const recordings = join(broadcast.directory, 'recordings');
  rmSync(recordings, { recursive: true });
  await writeFile(recordings, 'a file where a directory should be');
  await assert.rejects(broadcast.publish(), refused('recording_failed'));
  assert.deepEqual(broadcast.facts, []);
  assert.equal(broadcast.lives.count().onAir, 0);
  rmSync(recordings);
  await mkdir(recordings);
  const publisher = await broadcast.publish();
  publisher.send(1);
  publisher.end();
  assert.equal(broadcast.newest().get(publisher.sessionId)?.state, 'ended');
});

test('whatever fails on the way in leaves no half session and no lock', async (t) => {
  const broadcast = await Broadcast.open(t, { lives: [liveRecord(1, { takeover: 'refuse', reconnectWindowMs: 0 })] });
  // The last step on the way in: the packager takes its first memory.
  broadcast.pool.broken = true;
  await assert.rejects(broadcast.publish(), refused('recording_failed'));
  broadcast.pool.broken = false;
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
  const broadcast = await Broadcast.open(t, { lives: [liveRecord(1, { dvrWindowS: 60 })] });
  const publisher = await broadcast.publish();
  publisher.send(2.1);
  publisher.end('disconnected');
  fillDisk(broadcast, publisher.sessionId, 2);
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
});

test('a recording whose last bytes fail is set right by another fact', async (t) => {
  const broadcast = await Broadcast.open(t);
  const publisher = await broadcast.publish();
  publisher.send(2.1);
  publisher.end('disconnected');
  fillDisk(broadcast, publisher.sessionId, 2);
  await publisher.ask(LIVE.streamKey);
  publisher.send(1);
  publisher.end();
  assert.equal(broadcast.facts.at(-1)?.error, null);
  await broadcast.lives.shelf.settled();
  const last = broadcast.newest().get(publisher.sessionId);
  assert.deepEqual([last?.state, last?.error], ['ended', 8]);
  assert.ok((last?.recordedMs ?? 0) < 2300);
});

/** The volume that comes next finds no room on its disk. */
function fillDisk(broadcast: Broadcast, sessionId: string, volume: number): void {
  symlinkSync('/dev/full', join(broadcast.recordingDirectory(sessionId), volumeFile(volume)));
}

/** What a full disk has of a volume that could not be written. */
function emptyVolume(broadcast: Broadcast, sessionId: string, volume: number): void {
  const file = join(broadcast.recordingDirectory(sessionId), volumeFile(volume));
  rmSync(file);
  writeFileSync(file, '');
}
