import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { run } from '../../test/support/run.ts';
import { BlockPool } from '../packager/block-pool.ts';
import type { Block } from '../packager/block-pool.ts';
import { AppendFile, AppendQueue, QUEUE_LIMIT_BYTES } from './append-queue.ts';

function scratch(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'reprise-append-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

function queue(): { queue: AppendQueue; errors: Error[] } {
  const errors: Error[] = [];
  return { queue: new AppendQueue((error) => errors.push(error)), errors };
}

/** Files below a directory that this process has open. */
function openFiles(directory: string): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${descriptor}`);
      return path.startsWith(directory) ? [path] : [];
    } catch {
      return [];
    }
  });
}

function bytesOf(block: Block): Uint8Array {
  return block.bytes.subarray(block.start, block.end);
}

test('bytes of several files come in the order of the calls, their blocks are let go, the files closed', async (t) => {
  const directory = scratch(t);
  const { queue: appends, errors } = queue();
  const pool = new BlockPool();
  const files = ['a', 'b'].map((name) => new AppendFile(join(directory, name)));
  const wanted = ['', ''];
  const done: number[] = [];
  // More than one system call takes.
  for (let i = 0; i < 1500; i += 1) {
    const which = i % 700 === 0 || i % 3 === 0 ? 1 : 0;
    const block = pool.take(1);
    const text = `${i},`;
    const bytes = bytesOf(block);
    const length = Buffer.from(bytes.buffer, bytes.byteOffset).write(text);
    appends.append(files[which], bytes.subarray(0, length), block, () => done.push(i));
    block.release();
    wanted[which] += text;
  }
  await appends.drained();
  assert.deepEqual(errors, []);
  assert.deepEqual(
    done,
    Array.from({ length: 1500 }, (_, i) => i),
  );
  assert.equal(pool.bytesInUse, 0);
  assert.deepEqual(
    files.map((file) => readFileSync(file.path, 'latin1')),
    wanted,
  );
  await Promise.all(files.map((file) => appends.close(file)));
  assert.deepEqual(openFiles(directory), []);
});

test('a file closed while it is being opened is whole, and closed', async (t) => {
  const directory = scratch(t);
  const { queue: appends } = queue();
  const file = new AppendFile(join(directory, 'a'));
  appends.append(file, Buffer.from('one'), null);
  appends.append(file, Buffer.from('two'), null);
  await appends.close(file);
  assert.equal(readFileSync(file.path, 'latin1'), 'onetwo');
  assert.deepEqual(openFiles(directory), []);
  await appends.close(file);
});

test('a disk that is full ends the queue: one error, all blocks let go, later bytes dropped', async (t) => {
  const { queue: appends, errors } = queue();
  const pool = new BlockPool();
  const full = new AppendFile('/dev/full');
  const other = new AppendFile(join(scratch(t), 'a'));
  let written = 0;
  for (let i = 0; i < 20; i += 1) {
    const block = pool.take(100);
    appends.append(i % 2 === 0 ? full : other, bytesOf(block), block, () => (written += 1));
    block.release();
  }
  await appends.drained();
  assert.deepEqual(
    errors.map((error) => (error as NodeJS.ErrnoException).code),
    ['ENOSPC'],
  );
  assert.equal(appends.error, errors[0]);
  const block = pool.take(100);
  appends.append(other, bytesOf(block), block);
  block.release();
  assert.equal(pool.bytesInUse, 0);
  assert.equal(written, 0);
  await appends.close(full);
  await appends.close(other);
});

test('a write that is cut short is gone on with, until the true error: the file holds a whole beginning', async (t) => {
  const path = join(scratch(t), 'a');
  const script = `
    const { AppendFile, AppendQueue } = await import(${JSON.stringify(new URL('append-queue.ts', import.meta.url).href)});
    const queue = new AppendQueue((error) => console.log(error.code));
    const file = new AppendFile(${JSON.stringify(path)});
    let written = 0;
    for (let i = 0; i < 300; i += 1) queue.append(file, Buffer.alloc(1000, i), null, () => (written += 1000));
    await queue.drained();
    console.log(written);`;
  // Files of this shell's children may have 100 blocks of 512 bytes.
  const limited = `trap '' XFSZ; ulimit -f 100; exec "$0" --input-type=module -e "$1"`;
  const { stdout, stderr } = await run('/bin/sh', ['-c', limited, process.execPath, script]);
  const [code, written] = stdout.split('\n');
  assert.equal(code, 'EFBIG', stderr);
  const bytes = readFileSync(path);
  assert.ok(Number(written) <= bytes.length, `${written} bytes were said to be written`);
  assert.ok(bytes.length >= 50_000 && bytes.length % 512 === 0, `${bytes.length} bytes`);
  bytes.forEach((byte, i) => assert.equal(byte, Math.floor(i / 1000) & 0xff));
});

test('a file that can not be opened, or is there already and must not be, ends the queue', async (t) => {
  const directory = scratch(t);
  writeFileSync(join(directory, 'there'), 'kept');
  for (const [file, code] of [
    [new AppendFile(join(directory, 'missing', 'a')), 'ENOENT'],
    [new AppendFile(join(directory, 'there'), true), 'EEXIST'],
  ] as const) {
    const { queue: appends, errors } = queue();
    const pool = new BlockPool();
    const block = pool.take(1);
    appends.append(file, bytesOf(block), block);
    block.release();
    await appends.close(file);
    assert.deepEqual(
      errors.map((error) => (error as NodeJS.ErrnoException).code),
      [code],
    );
    assert.equal(pool.bytesInUse, 0);
  }
  assert.equal(readFileSync(join(directory, 'there'), 'latin1'), 'kept');
});

test('a disk that does not keep up costs the recording, not the memory; the file is closed behind the write under way', async (t) => {
  const directory = scratch(t);
  const { queue: appends, errors } = queue();
  const pool = new BlockPool();
  const file = new AppendFile(join(directory, 'a'));
  const block = pool.take(1024 * 1024);
  for (let i = 0; i < QUEUE_LIMIT_BYTES / bytesOf(block).length + 10; i += 1) appends.append(file, bytesOf(block), block);
  assert.match(errors[0].message, /too slow/);
  assert.equal(errors.length, 1);
  block.release();
  await appends.close(file);
  assert.equal(pool.bytesInUse, 0);
  assert.deepEqual(openFiles(directory), []);
});

test('a task has its turn: what is queued behind it waits, and is dropped when it fails', async (t) => {
  const { queue: appends, errors } = queue();
  const file = new AppendFile(join(scratch(t), 'a'));
  const told: string[] = [];
  appends.append(file, Buffer.from('one'), null, () => told.push('one'));
  appends.run((done) => {
    told.push('task');
    setImmediate(() => done(null));
  });
  appends.append(file, Buffer.from('two'), null, () => told.push('two'));
  await appends.drained();
  assert.deepEqual(told, ['one', 'task', 'two']);

  appends.run((done) => setImmediate(() => done(new Error('refused'))));
  appends.append(file, Buffer.from('three'), null, () => told.push('three'));
  appends.run(() => told.push('never'));
  await appends.close(file);
  assert.deepEqual(told, ['one', 'task', 'two']);
  assert.deepEqual(
    errors.map(({ message }) => message),
    ['refused'],
  );
  assert.equal(readFileSync(file.path, 'latin1'), 'onetwo');
});
