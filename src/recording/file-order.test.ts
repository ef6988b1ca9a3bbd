import assert from 'node:assert/strict';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { openBelow } from '../../test/support/faulty-files.ts';
import { LogDiary } from '../../test/support/log-diary.ts';
import { DISK } from './disk.ts';
import type { Disk } from './disk.ts';
import { carryOutSync } from './file-order.ts';
import type { FileOrder } from './file-order.ts';
import { WriterThread } from './writer-thread.ts';

const ONE = Buffer.from('one');
const TWO = Buffer.from('two');

/** Every way in which an order is carried out. */
const WAYS: Record<string, (t: TestContext) => (order: FileOrder) => Promise<readonly number[]>> = {
  'in place': () => async (order) => carryOutSync(order),
  'by the pool': () => on(DISK),
  'by the thread': (t) => {
    const thread = new WriterThread(new LogDiary().log);
    t.after(() => thread.end());
    return on(thread);
  },
};

function on(disk: Disk): (order: FileOrder) => Promise<readonly number[]> {
  return (order) =>
    new Promise((resolve, reject) => {
      disk.order(order, (error, descriptors) => {
        if (error === null) return resolve(descriptors);
        assert.deepEqual(descriptors, []);
        reject(error);
      });
    });
}

for (const [way, make] of Object.entries(WAYS)) {
  test(`${way}: a directory, a whole file in it, and files that stay open, at their end what is ordered`, async (t) => {
    const { directory, carryOut } = scratch(t, make);
    const path = join(directory, 'meta');
    await carryOut({ make: { directory, path, text: 'meta' } });
    assert.equal(readFileSync(path, 'utf8'), 'meta');
    const [index, volume] = await carryOut({
      append: [
        { path: join(directory, 'index'), flags: 'a', descriptor: -1, bytes: ONE },
        { path: join(directory, 'volume'), flags: 'ax', descriptor: -1, bytes: TWO },
      ],
    });
    writeSync(volume, 'and more');
    assert.equal(readFileSync(join(directory, 'volume'), 'utf8'), 'twoand more');
    const [same, next] = await carryOut({
      append: [
        { path: 'not read', flags: 'a', descriptor: index, bytes: TWO },
        { path: join(directory, 'next'), flags: 'ax', descriptor: -1, bytes: ONE },
      ],
      close: [volume],
    });
    assert.equal(same, index);
    assert.equal(readFileSync(join(directory, 'index'), 'utf8'), 'onetwo');
    assert.deepEqual(openBelow(directory).sort(), [join(directory, 'index'), join(directory, 'next')]);
    await carryOut({ close: [index, next] });
    assert.deepEqual(openBelow(directory), []);
  });

  test(`${way}: behind the first thing that fails nothing is done, what was opened is closed, and what was to be closed too`, async (t) => {
    const { directory, carryOut } = scratch(t, make);
    await carryOut({ make: { directory, path: join(directory, 'there'), text: 'kept' } });
    const old = openSync(join(directory, 'old'), 'a');
    await assert.rejects(
      carryOut({
        append: [
          { path: join(directory, 'index'), flags: 'a', descriptor: -1, bytes: ONE },
          { path: join(directory, 'there'), flags: 'ax', descriptor: -1, bytes: TWO },
        ],
        close: [old],
      }),
      { code: 'EEXIST' },
    );
    assert.deepEqual(openBelow(directory), []);
    assert.equal(readFileSync(join(directory, 'there'), 'utf8'), 'kept');
    assert.equal(readFileSync(join(directory, 'index'), 'utf8'), 'one', 'what was done before stays');
    const full = openSync('/dev/full', 'a');
    t.after(() => closeSync(full));
    await assert.rejects(carryOut({ append: [{ path: '', flags: 'a', descriptor: full, bytes: ONE }] }), { code: 'ENOSPC' });
  });

  test(`${way}: a file that can not be written whole is not there`, async (t) => {
    const { directory, carryOut } = scratch(t, make);
    writeFileSync(directory, 'in the way');
    await assert.rejects(carryOut({ make: { directory, path: join(directory, 'meta'), text: 'meta' } }), { code: 'EEXIST' });
    rmSync(directory);
    await assert.rejects(carryOut({ make: { directory, path: join(directory, 'missing', 'meta'), text: 'meta' } }), {
      code: 'ENOENT',
    });
    assert.ok(existsSync(directory));
    assert.deepEqual(readdirSync(directory), []);
  });
}

function scratch(
  t: TestContext,
  make: (t: TestContext) => (order: FileOrder) => Promise<readonly number[]>,
): { directory: string; carryOut: (order: FileOrder) => Promise<readonly number[]> } {
  const parent = mkdtempSync(join(tmpdir(), 'reprise-order-'));
  t.after(() => rmSync(parent, { recursive: true }));
  return { directory: join(parent, 'recording'), carryOut: make(t) };
}

test('the thread is gone: an order that waits fails, and the next is carried out by another', async (t) => {
  const { directory } = scratch(t, WAYS['in place']);
  const thread = new WriterThread(new LogDiary().log);
  t.after(() => thread.end());
  const carryOut = on(thread);
  const order = { make: { directory, path: join(directory, 'meta'), text: 'meta' } };
  await Promise.all([assert.rejects(carryOut(order), /gone/), thread.kill()]);
  await carryOut(order);
  assert.equal(readFileSync(join(directory, 'meta'), 'utf8'), 'meta');
  await thread.end();
  await carryOut(order); // the ordinary way
});
