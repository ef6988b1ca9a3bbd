import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { liveRecord } from '../../test/support/broadcast.ts';
import { LogDiary } from '../../test/support/log-diary.ts';
import { until } from '../../test/support/until.ts';
import { DirectorySnapshot, readDirectorySnapshot } from './directory-snapshot.ts';

async function makeFile(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'reprise-test-snapshot-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return join(directory, 'directory.json');
}

const KEPT = {
  lives: [liveRecord(1), liveRecord(2, { reconnectWindowMs: 5 })],
  replays: [{ videoUuid: 'a', sessionId: 'b', privacy: 1, ownerId: 2 }],
};

test('what is kept comes back, readable by its owner only; changes are written soon, and at the end', async (t) => {
  const file = await makeFile(t);
  const { log, lines } = new LogDiary();
  assert.equal(await readDirectorySnapshot(file, log), null);
  await writeFile(`${file}.new`, 'left behind', { mode: 0o666 });
  let records = KEPT;
  const snapshot = new DirectorySnapshot({ file, read: () => records, log });
  snapshot.changed();
  assert.deepEqual(await until('it is written', () => readDirectorySnapshot(file, log)), KEPT);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  records = { lives: [liveRecord(3)], replays: [] };
  snapshot.changed();
  await snapshot.close();
  assert.deepEqual(await readDirectorySnapshot(file, log), records);
  assert.deepEqual(await readdir(join(file, '..')), ['directory.json']);
  assert.deepEqual(lines, []);
});

test('a snapshot that is torn, damaged or of another version is none; the log tells so, and no keys', async (t) => {
  const file = await makeFile(t);
  const snapshot = new DirectorySnapshot({ file, read: () => KEPT, log: new LogDiary().log });
  snapshot.changed();
  await snapshot.close();
  const whole = await readFile(file);
  const damaged = Buffer.from(whole);
  damaged[whole.length >> 1] ^= 1;
  for (const bytes of [whole.subarray(0, whole.length >> 1), damaged, Buffer.alloc(0), Buffer.from('{"lives": 1}')]) {
    await writeFile(file, bytes);
    const { log, lines } = new LogDiary();
    assert.equal(await readDirectorySnapshot(file, log), null);
    assert.deepEqual(
      lines.map(({ level }) => level),
      [40],
    );
    assert.ok(!JSON.stringify(lines).includes(KEPT.lives[0].streamKey));
  }
});

test('a write that fails while it closes is tried once more', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const file = await makeFile(t);
  const { log } = new LogDiary();
  let reads = 0;
  const read = (): typeof KEPT => {
    reads += 1;
    if (reads === 1) throw new Error('made up: a bug');
    return KEPT;
  };
  const snapshot = new DirectorySnapshot({ file, read, log });
  snapshot.changed();
  t.mock.timers.tick(1000); // under way when it is closed
  await snapshot.close();
  assert.deepEqual(await readDirectorySnapshot(file, log), KEPT);
});
