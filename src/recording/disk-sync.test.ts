import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { LogDiary } from '../../test/support/log-diary.ts';
import { until } from '../../test/support/until.ts';
import { DiskSync } from './disk-sync.ts';

function open(t: TestContext, everyMs = 20): { sync: DiskSync; directory: string; diary: LogDiary } {
  const directory = mkdtempSync(join(tmpdir(), 'reprise-sync-'));
  const diary = new LogDiary();
  const sync = new DiskSync({ directory, everyMs, log: diary.log });
  t.after(async () => {
    await sync.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return { sync, directory, diary };
}

/** Numbers of the processes that sync this directory. */
function shells(directory: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && commandOf(pid)[0] === 'sh' && commandOf(pid).includes(directory));
}

function commandOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // it is gone meanwhile
  }
}

test('nothing is done until something was written, then one sync for all of it; closing leaves no process', async (t) => {
  const { sync, directory } = open(t);
  assert.deepEqual(shells(directory), []);
  sync.wrote();
  sync.wrote();
  await until('it is synced', () => sync.lastMs > 0);
  assert.equal(shells(directory).length, 1);
  sync.lastMs = 0;
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(sync.lastMs, 0, 'not again: nothing was written since');
  sync.wrote();
  await sync.close();
  assert.ok(sync.lastMs > 0, 'the last of it when it is closed');
  await until('its process is gone', () => shells(directory).length === 0);
});

test('a disk that does not sync is said once, and tried until it does', async (t) => {
  const { sync, directory, diary } = open(t);
  rmSync(directory, { recursive: true });
  sync.wrote();
  await until('it is said', () => sync.failing);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(diary.of('recordings can not be synced: a power cut may cost more of them than it should').length, 1);
  mkdirSync(directory);
  await until('it is synced', () => !sync.failing);
  assert.equal(diary.of('recordings are synced again').length, 1);
});

test('its process may be killed: the next sync has another', async (t) => {
  const { sync, directory } = open(t);
  sync.wrote();
  await until('it is synced', () => sync.lastMs > 0);
  for (const pid of shells(directory)) process.kill(pid, 'SIGKILL');
  await until('it is gone', () => shells(directory).length === 0);
  sync.lastMs = 0;
  sync.wrote();
  await until('it is synced', () => sync.lastMs > 0 && !sync.failing);
});

test('an interval of 0 is never', async (t) => {
  const { sync, directory } = open(t, 0);
  sync.wrote();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await sync.close();
  assert.deepEqual([sync.lastMs, shells(directory)], [0, []]);
});
