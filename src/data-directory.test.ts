import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import { claimDataDirectory } from './data-directory.ts';

function makeDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'reprise-test-data-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test('a claim is made with its directory, and ends', (t) => {
  const directory = join(makeDirectory(t), 'a', 'b');
  const claim = claimDataDirectory(directory);
  assert.equal(claim.directory, directory);
  assert.match(readFileSync(join(directory, 'server.pid'), 'utf8'), new RegExp(`^${process.pid} `));
  claim.release();
  assert.equal(existsSync(join(directory, 'server.pid')), false);
});

test('the claim of a process that runs holds; that of one that was killed, or of another with its number, is void', async (t) => {
  const directory = makeDirectory(t);
  const file = join(directory, 'server.pid');
  const source = `import { claimDataDirectory } from ${JSON.stringify(join(import.meta.dirname, 'data-directory.ts'))};
    claimDataDirectory(process.argv[1]); console.log('claimed'); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', source, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  assert.throws(() => claimDataDirectory(directory), { name: 'StartError', message: new RegExp(`process ${holder.pid}`) });
  const held = readFileSync(file, 'utf8');
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  claimDataDirectory(directory).release();

  for (const stale of [held, `${process.ppid} 1\n`, '', 'nonsense']) {
    writeFileSync(file, stale);
    claimDataDirectory(directory).release();
    assert.equal(existsSync(file), false, JSON.stringify(stale));
  }
});

test('the claim of a dead process that its parent has not noticed is void', { skip: process.platform !== 'linux' }, async (t) => {
  const directory = makeDirectory(t);
  const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => parent.kill());
  const [said] = (await once(parent.stdout, 'data')) as [Buffer];
  const child = Number(said.toString());
  const birth = (): string[] => readFileSync(`/proc/${child}/stat`, 'utf8').split(' ');
  writeFileSync(join(directory, 'server.pid'), `${child} ${birth()[21]}\n`);
  assert.throws(() => claimDataDirectory(directory), { name: 'StartError' });
  process.kill(child, 'SIGKILL');
  while (birth()[2] !== 'Z') await sleep(5);
  claimDataDirectory(directory).release();
});

test('a directory that can not be made or used is told by its setting', (t) => {
  const directory = makeDirectory(t);
  const file = join(directory, 'file');
  writeFileSync(file, '');
  for (const unusable of [file, join(file, 'below')]) {
    assert.throws(() => claimDataDirectory(unusable), { name: 'StartError', message: /^data-dir: .* can not be used: E/ });
  }
});
