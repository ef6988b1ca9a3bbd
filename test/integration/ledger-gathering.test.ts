import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ledger } from '../../src/ledger/ledger.ts';
import type { SessionFact } from '../../src/ledger/session-fact.ts';
import { createLog } from '../../src/log.ts';
import { FaultyDisk, FaultyFiles, IN_MEMORY } from '../support/faulty-files.ts';
import { makeFact } from '../support/session-facts.ts';

test('a storm gathers its facts, but not those that the disk refuses: the database is the only safe place then', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] }); // nothing here is to wait for the clock
  const files = FaultyFiles.install(t);
  const root = mkdtempSync(join(IN_MEMORY, 'reprise-ledger-gathering-'));
  const disk = new FaultyDisk(join(root, 'disk'), null);
  files.add(disk);
  const applied: SessionFact[] = [];
  const apply = async (facts: readonly SessionFact[]): Promise<void> => void applied.push(...facts);
  const ledger = await Ledger.open({ directory: join(disk.directory, 'ledger'), log: createLog('silent'), apply });
  t.after(async () => {
    t.mock.timers.reset();
    await ledger.close();
    rmSync(root, { recursive: true });
  });
  /** So much of the real time is enough for what needs no timer. */
  const turns = async (over: () => boolean): Promise<void> => {
    for (let turn = 0; turn < 100_000 && !over(); turn += 1) await new Promise(setImmediate);
  };
  let facts = 0;
  const append = (): Promise<void> => ledger.append(makeFact((facts += 1), 1));
  await Promise.all(Array.from({ length: 100 }, append));
  await turns(() => applied.length === 100);
  assert.equal(applied.length, 100);
  await append();
  for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
  assert.equal(applied.length, 100, 'it is on disk, and waits for others');
  disk.fault = { kind: 'EIO', at: disk.operations.length + 1, lasting: true };
  void append();
  await turns(() => applied.length === 102);
  assert.deepEqual([ledger.degraded, applied.length], [true, 102]);
});
