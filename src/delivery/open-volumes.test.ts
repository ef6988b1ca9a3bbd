import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { until } from '../../test/support/until.ts';
import { lengthOf, OpenVolumes, readBytes } from './open-volumes.ts';

function rig(t: TestContext): { volumes: OpenVolumes; file: (name: string, text?: string) => string; open: () => number } {
  const directory = mkdtempSync(join(tmpdir(), 'reprise-volumes-'));
  const volumes = new OpenVolumes(assert.ifError);
  t.after(() => {
    volumes.close();
    rmSync(directory, { recursive: true });
  });
  return {
    volumes,
    file: (name, text) => {
      const path = join(directory, name);
      if (text !== undefined) writeFileSync(path, text);
      return path;
    },
    open: () =>
      readdirSync('/proc/self/fd').filter((descriptor) => {
        try {
          return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(directory);
        } catch {
          return false; // closed meanwhile
        }
      }).length,
  };
}

const read = (volumes: OpenVolumes, path: string): Promise<string | null> =>
  volumes.with(path, async (descriptor) =>
    descriptor === null ? null : (await readBytes(descriptor, 1, 100)).toString() + (await lengthOf(descriptor)),
  );

test('a volume is opened once for all who read it, and closed when it is closed', async (t) => {
  const { volumes, file, open } = rig(t);
  const path = file('a', 'abc');
  assert.deepEqual(await Promise.all([read(volumes, path), read(volumes, path)]), ['bc3', 'bc3']);
  assert.equal(open(), 1);
  volumes.close();
  await until('it is closed', () => open() === 0);
  assert.equal(await read(volumes, path), 'bc3', 'and opened again');
});

test('what is not there is looked for again the next time', async (t) => {
  const { volumes, file, open } = rig(t);
  assert.equal(await read(volumes, file('b')), null);
  file('b', 'xyz');
  assert.equal(await read(volumes, file('b')), 'yz3');
  assert.equal(open(), 1);
});

test('what can not be opened is told to all who wait, and not remembered', async (t) => {
  const { volumes, file } = rig(t);
  const path = join(file('c', 'a file'), 'below a file');
  for (const each of [1, 2]) await assert.rejects(read(volumes, path), { code: 'ENOTDIR' }, `time ${each}`);
});

test('many volumes: the oldest are closed, not those that are being read', async (t) => {
  const { volumes, file, open } = rig(t);
  let finish = (): void => {};
  const slow = volumes.with(file('slow', 'slow'), async (descriptor) => {
    await new Promise<void>((resolve) => (finish = resolve));
    return (await readBytes(descriptor ?? -1, 0, 4)).toString();
  });
  for (let i = 0; i < 300; i += 1) assert.equal(await read(volumes, file(`${i}`, '0123')), '1234');
  assert.ok(open() <= 257, `${open()} are open`);
  finish();
  assert.equal(await slow, 'slow');
  await until('it is closed, too', () => open() === 256);
});
