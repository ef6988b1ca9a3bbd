import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

const child = new URL('child.js', import.meta.url).href;

/** A process that runs `script` in its place, as scripts/run.js does. */
function runInPlace(script) {
  const outer = `import { runInPlace } from '${child}'; process.exitCode = await runInPlace(process.execPath, ['-e', ${JSON.stringify(script)}]);`;
  return spawn(process.execPath, ['--input-type=module', '-e', outer], { stdio: ['ignore', 'pipe', 'inherit'] });
}

test('the exit code passes through', async () => {
  assert.deepEqual(await once(runInPlace('process.exit(7)'), 'exit'), [7, null]);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  test(`${signal} reaches the program, which ends in its own way`, async () => {
    const outer = runInPlace(
      `process.on('${signal}', () => process.exit(3)); console.log('ready'); setInterval(() => {}, 1000);`,
    );
    await once(outer.stdout, 'data');
    outer.kill(signal);
    assert.deepEqual(await once(outer, 'exit'), [3, null]);
  });
}

test('a program ended by a signal ends us by the same', async () => {
  const outer = runInPlace(`process.kill(process.pid, 'SIGKILL')`);
  assert.deepEqual(await once(outer, 'exit'), [null, 'SIGKILL']);
});
