import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { chooseTests } from './groups.js';
import { describeLeftOut } from './left-out.js';

function makeRoot(t, paths) {
  const root = mkdtempSync(join(tmpdir(), 'reprise-tests-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), '');
  }
  return root;
}

test('arguments choose files, directories, groups or names', (t) => {
  const files = ['src/mp4/a.test.ts', 'src/mp4/a.ts', 'src/rtmp/b.test.ts', 'test/integration/c.test.ts', 'test/e2e/d.test.ts'];
  const root = makeRoot(t, files);
  const choose = (...args) => {
    const { groups, names } = chooseTests(root, args);
    return [groups.flatMap((group) => group.files), names];
  };
  const all = files.filter((file) => file.includes('.test.'));
  assert.deepEqual(choose(), [all, []]);
  assert.deepEqual(choose('src/mp4'), [['src/mp4/a.test.ts'], []]);
  assert.deepEqual(choose('./src/rtmp/b.test.ts', 'e2e'), [['src/rtmp/b.test.ts', 'test/e2e/d.test.ts'], []]);
  assert.deepEqual(choose('a live resumes'), [all, ['a live resumes']]);
  assert.equal(chooseTests(root, ['e2e']).groups[0].concurrency, 1);
});

test('what was left out is told once for each reason', () => {
  const skips = [
    { reason: 'ffmpeg is not installed' },
    { reason: 'chromium is not installed' },
    { reason: 'ffmpeg is not installed' },
    { reason: true },
  ];
  assert.deepEqual(describeLeftOut(skips), [
    'left out: 2 tests: ffmpeg is not installed',
    'left out: 1 test: chromium is not installed',
    'left out: 1 test: no reason given',
  ]);
  assert.deepEqual(describeLeftOut([]), []);
});
