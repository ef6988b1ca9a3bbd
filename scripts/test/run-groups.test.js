import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { chooseTests } from './groups.js';
import { describeLeftOut, missingParts } from './left-out.js';

/** A directory with these files: each a path, or a path and its content. */
function makeRoot(t, paths) {
  const root = mkdtempSync(join(tmpdir(), 'reprise-tests-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const each of paths) {
    const [path, content] = [each].flat();
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content ?? '');
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
  assert.equal(missingParts([...skips, { reason: 'only root has to switch users' }]).length, 4);
});

test('groups run one after the other as one run, with one summary', (t) => {
  const pass = "import { test } from 'node:test'; test('passes', () => {});";
  const root = makeRoot(t, [
    ['src/a.test.ts', pass],
    ['test/integration/b.test.ts', `${pass} test('is left out', (t) => t.skip('no such thing here'));`],
    // more than goes into a pipe at once, and something left behind
    [
      'src/many.test.ts',
      `${pass} for (let i = 0; i < 300; i += 1) test(String(i).padEnd(4000, '.'), busy);
       setInterval(() => {}, 1000);
       function busy() { for (const end = performance.now() + 3; performance.now() < end; ); }`,
    ],
    ['test/e2e/c.test.ts', `${pass} test('fails', () => { throw new Error('on purpose'); });`],
    [
      'run.mjs',
      `import { runGroups } from '${new URL('run-groups.js', import.meta.url).href}';
       import { chooseTests } from '${new URL('groups.js', import.meta.url).href}';
       const root = process.cwd();
       const totals = { success: true, counts: {}, skips: [] };
       const choice = { ...chooseTests(root, []), root, signal: new AbortController().signal };
       const lines = [];
       for await (const { type, data } of runGroups(choice, totals, () => ['before the summary'])) {
         if (type === 'test:diagnostic') lines.push(data.message);
         if (type === 'test:fail') lines.push('failed: ' + data.name);
       }
       console.log(JSON.stringify({ totals, lines }));`,
    ],
  ]);
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const { stdout, stderr } = spawnSync(process.execPath, ['run.mjs'], { cwd: root, env, maxBuffer: 1 << 24 });
  assert.equal(stderr.toString(), '');
  const { totals, lines } = JSON.parse(stdout.toString());
  assert.equal(totals.success, false);
  assert.deepEqual([totals.counts.tests, totals.counts.passed, totals.counts.failed, totals.counts.skipped], [306, 304, 1, 1]);
  assert.deepEqual(
    totals.skips.map(({ name, reason }) => [name, reason]),
    [['is left out', 'no such thing here']],
  );
  assert.deepEqual(lines.slice(0, -1), [
    'failed: fails',
    'before the summary',
    'tests 306',
    'suites 0',
    'pass 304',
    'fail 1',
    'cancelled 0',
    'skipped 1',
    'todo 0',
  ]);
  assert.match(lines.at(-1), /^duration_ms /);
});
