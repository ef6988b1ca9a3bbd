import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { LogDiary } from '../../test/support/log-diary.ts';
import { BlockPool } from '../packager/block-pool.ts';
import { AppendFile, AppendQueue } from './append-queue.ts';
import { WriterThread } from './writer-thread.ts';

function writer(t: TestContext): { thread: WriterThread; directory: string; pool: BlockPool } {
  const directory = mkdtempSync(join(tmpdir(), 'reprise-writer-'));
  const thread = new WriterThread(new LogDiary().log);
  const pool = new BlockPool(
    (byteLength) => thread.allocate(byteLength),
    (bytes) => thread.discard(bytes),
  );
  t.after(async () => {
    await thread.end();
    rmSync(directory, { recursive: true });
  });
  return { thread, directory, pool };
}

function write(thread: WriterThread, descriptor: number, ...buffers: Uint8Array[]): Promise<number> {
  return new Promise((resolve, reject) => {
    thread.writev(descriptor, buffers, (error, written) => (error === null ? resolve(written) : reject(error)));
  });
}

test('many files at once, from blocks that come and go: all is written, in order, and every block let go', async (t) => {
  const { thread, directory, pool } = writer(t);
  const files = Array.from({ length: 50 }, (_, i) => new AppendFile(join(directory, `${i}`)));
  const queues = files.map(() => new AppendQueue((error) => assert.fail(error), thread));
  const wanted = files.map(() => '');
  for (let round = 0; round < 40; round += 1) {
    for (let i = 0; i < files.length; i += 1) {
      // More of them than the pool keeps.
      const block = pool.take(round % 7 === 0 ? 4_000_000 : 1000);
      const text = `${round} of ${i};`.repeat((round % 5) + 1);
      const start = block.start + round;
      const length = Buffer.from(block.bytes.buffer).write(text, start);
      queues[i].append(files[i], block.bytes.subarray(start, start + length), block);
      block.release();
      wanted[i] += text;
    }
    if (round % 10 === 9) await Promise.all(queues.map((queue) => queue.drained()));
  }
  await Promise.all(queues.map((queue, i) => queue.close(files[i])));
  assert.equal(pool.bytesInUse, 0);
  for (let i = 0; i < files.length; i += 1) assert.equal(readFileSync(files[i].path, 'latin1'), wanted[i]);
});

test('what the thread does not share is written all the same, behind what came before', async (t) => {
  const { thread, directory } = writer(t);
  const file = new AppendFile(join(directory, 'file'));
  const queue = new AppendQueue((error) => assert.fail(error), thread);
  const shared = thread.allocate(3);
  shared.set(Buffer.from('one'));
  queue.append(file, shared, null);
  queue.append(file, Buffer.from('two'), null);
  queue.append(file, shared.subarray(1), null);
  await queue.close(file);
  assert.equal(readFileSync(file.path, 'latin1'), 'onetwone');
});

test('errors have their names', async (t) => {
  const { thread } = writer(t);
  const full = openSync('/dev/full', 'a');
  t.after(() => closeSync(full));
  await assert.rejects(write(thread, full, thread.allocate(10)), { code: 'ENOSPC', message: /no space left/ });
  await assert.rejects(write(thread, 1_000_000, thread.allocate(10)), { code: 'EBADF' });
});

test('the thread is gone: what waits for it fails, and the next write has another one', async (t) => {
  const { thread, directory } = writer(t);
  const descriptor = openSync(join(directory, 'file'), 'a');
  t.after(() => closeSync(descriptor));
  const before = thread.allocate(4).fill(65);
  assert.equal(await write(thread, descriptor, before), 4);
  const lost = write(thread, descriptor, before);
  await Promise.all([assert.rejects(lost, /gone/), thread.kill()]);
  assert.equal(await write(thread, descriptor, before, thread.allocate(2).fill(66)), 6);
  assert.match(readFileSync(join(directory, 'file'), 'latin1'), /^(AAAA){2,3}BB$/);
});

test('ended: writes go the ordinary way', async (t) => {
  const { thread, directory } = writer(t);
  const descriptor = openSync(join(directory, 'file'), 'a');
  t.after(() => closeSync(descriptor));
  const bytes = thread.allocate(4);
  await write(thread, descriptor, bytes);
  await thread.end();
  assert.equal(await write(thread, descriptor, bytes), 4);
});
