import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BlockPool } from '../../src/packager/block-pool.ts';
import { DiskSync } from '../../src/recording/disk-sync.ts';
import type { Disk } from '../../src/recording/disk.ts';
import { WriterThread } from '../../src/recording/writer-thread.ts';
import { BEGAN, Broadcast, liveRecord } from '../support/broadcast.ts';
import { eachTimerFault } from '../support/each-timer-fault.ts';
import { IN_MEMORY } from '../support/faulty-files.ts';
import { tripping } from '../support/faulty-timers.ts';
import type { TimerFault, TimerPlay } from '../support/faulty-timers.ts';
import { LogDiary } from '../support/log-diary.ts';
import { until } from '../support/until.ts';

const FILES = { 'recording/writer-thread.ts': 40, 'recording/disk-sync.ts': 10, 'lives/recording-retry.ts': 10 };
const LIVES = [liveRecord(1), liveRecord(2)];

/** Numbers of the processes that sync this directory. */
function shells(directory: string): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(directory);
    } catch {
      return false; // it is gone meanwhile
    }
  }).length;
}

/** Two broadcasts, recorded by a thread and synced; the disk refuses one of them for a while. */
async function play(timers: TimerPlay, fault: TimerFault | null): Promise<void> {
  const directory = mkdtempSync(join(IN_MEMORY, 'reprise-recording-timers-'));
  let [refusing, nowMs] = [false, BEGAN];
  let broadcast: Broadcast | null = null;
  const diary = new LogDiary();
  const writer = new WriterThread(diary.log);
  const sync = new DiskSync({ directory, everyMs: 10, log: diary.log });
  const pool = new BlockPool((byteLength) => writer.allocate(byteLength));
  const disk: Disk = {
    open: (...args) => writer.open(...args),
    writev: (descriptor, buffers, done) => {
      if (refusing) setImmediate(() => done(new Error('made up: the disk refuses'), 0));
      else writer.writev(descriptor, buffers, done);
    },
    close: (...args) => writer.close(...args),
  };
  const now = tripping(() => broadcast?.nowMs ?? nowMs);
  try {
    broadcast = new Broadcast(directory, nowMs, { disk, pool, now, log: diary.log, written: tripping(() => sync.wrote()) });
    const { lives } = broadcast;
    await lives.start({ lives: LIVES, replays: [] }, []);
    await lives.loaded;
    const [one, two] = [await broadcast.publish(LIVES[0].streamKey), await broadcast.publish(LIVES[1].streamKey)];
    for (let round = 0; round < 3; round += 1) {
      const before = lives.tally.recordedBytes;
      for (const publisher of [one, two]) publisher.send(1);
      await timers.until('it is recorded', () => lives.tally.recordedBytes > before);
    }
    await timers.until('it is synced', () => {
      two.send(1);
      return sync.lastMs > 0;
    });
    refusing = true;
    one.send(1);
    await timers.until('the disk has refused', () => lives.count().recordingsFailing > 0);
    refusing = false;
    await timers.until('all is recorded again', () => {
      for (const publisher of [one, two]) publisher.send(1);
      return lives.count().recordingsFailing === 0;
    });
    for (const publisher of [one, two]) {
      assert.equal(broadcast.newest().get(publisher.sessionId)?.state, 'open', 'it goes on, whatever the disk does');
      publisher.end();
    }
    timers.comeLate();
    // Free at once, also while the recordings of the last are being closed.
    const next = await broadcast.publish(LIVES[0].streamKey);
    next.send(1);
    next.end();
  } finally {
    nowMs = broadcast?.nowMs ?? nowMs;
    const closing = broadcast?.lives.close();
    // What is written is found out by that timer alone: without it only the end of the thread lets recordings go.
    if (fault?.timer.startsWith('recording/writer-thread.ts') !== true || fault.mode === 'throws') await closing;
    await writer.end();
    await closing;
    await sync.close();
    timers.comeLate();
    await until('no process is left', () => shells(directory) === 0);
    rmSync(directory, { recursive: true });
  }
  const ends = new Set(
    broadcast.facts.filter(({ state }) => state === 'ended').map(({ sessionId, endedAt }) => `${sessionId} ${endedAt}`),
  );
  assert.equal(ends.size, 3, 'each session ends once');
  for (const { state } of broadcast.newest().values()) assert.equal(state, 'ended');
  assert.equal(pool.bytesInUse, 0, 'memory that nobody lets go');
  assert.equal(sync.failing, false);
}

test('the timers of recordings: each throws, never comes, or comes late; sessions go on, and nothing holds up the end', async (t) => {
  const cases = await eachTimerFault(t, FILES, play, 2);
  for (const file of Object.keys(FILES)) assert.ok((cases.get(file) ?? 0) >= 2, `${file}: ${cases.get(file)} cases`);
});
