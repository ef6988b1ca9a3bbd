import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { warmUp } from '../../src/warm-up.ts';

/** Directories of warm-ups of this process. */
function directories(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`reprise-warm-up-${process.pid}-`));
}

/** The number of a process that is over. */
async function deadPid(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? 0;
}

test('a warm-up publishes, and leaves nothing: no directory, no port, no timer', async () => {
  const left = join(tmpdir(), `reprise-warm-up-${await deadPid()}-left`);
  mkdirSync(left);
  const handles = process.getActiveResourcesInfo().length;
  const before = performance.now();
  const running = warmUp(new AbortController().signal);
  assert.equal(await running, true, 'all that was published was taken to its end');
  assert.ok(performance.now() - before < 30_000);
  assert.deepEqual(directories(), []);
  assert.equal(existsSync(left), false, 'nor what a killed one has left');
  assert.ok(process.getActiveResourcesInfo().length <= handles + 1, process.getActiveResourcesInfo().join(' '));
});

test('a warm-up that is given up ends soon', async () => {
  const giveUp = new AbortController();
  const running = warmUp(giveUp.signal);
  giveUp.abort();
  const before = performance.now();
  await running;
  assert.ok(performance.now() - before < 5000);
  assert.deepEqual(directories(), []);
});
