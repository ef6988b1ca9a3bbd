import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ledger } from '../../src/ledger/ledger.ts';
import type { SessionFact } from '../../src/ledger/session-fact.ts';
import { createLog } from '../../src/log.ts';
import { canFail, FaultyDisk, FaultyFiles, IN_MEMORY, openBelow } from '../support/faulty-files.ts';
import type { FileFault, FileOperation } from '../support/faulty-files.ts';
import { makeFact } from '../support/session-facts.ts';
import { eachOf, until } from '../support/until.ts';

const log = createLog('silent');
const POISON = 42;
const AT_ONCE = 12;

/** A ledger from its first start to its third, with a file that is written anew and a fact that the database refuses. */
async function play(files: FaultyFiles, fault: FileFault | null): Promise<{ operations: FileOperation[]; struck: boolean }> {
  const root = mkdtempSync(join(IN_MEMORY, 'reprise-ledger-faults-'));
  const disk = new FaultyDisk(join(root, 'disk'), fault);
  files.add(disk);
  const applied: SessionFact[] = [];
  const apply = (facts: readonly SessionFact[]): Promise<void> => {
    const refused = facts.some(({ revision }) => revision === POISON);
    if (refused) return Promise.reject(Object.assign(new Error('refused'), { code: '23514' }));
    applied.push(...facts);
    return Promise.resolve();
  };
  const open = async (directory = join(disk.directory, 'ledger')): Promise<Ledger> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await Ledger.open({ directory, log, apply, compactAtBytes: 2000 });
      } catch (error) {
        assert.ok(tries < 3, `does not open: ${String(error)}`);
        if (tries === 2) disk.heal();
      }
    }
  };
  const facts: SessionFact[] = [];
  const append = (ledger: Ledger, fact: SessionFact): Promise<void> => {
    facts.push(fact);
    return ledger.append(fact);
  };
  /** What is on disk is enough: as a process that is killed leaves it. */
  const checkKilled = async (n: number): Promise<void> => {
    const left = join(root, `left-${n}`);
    cpSync(disk.directory, left, { recursive: true });
    const again = await open(join(left, 'ledger'));
    const known = new Set([...applied, ...again.sessions()].map(({ sessionId, revision }) => `${sessionId} ${revision}`));
    for (const { sessionId, revision } of newest(facts))
      assert.ok(known.has(`${sessionId} ${revision}`) || revision === POISON, `fact ${sessionId} ${revision} is lost`);
    await again.close();
  };
  try {
    let ledger = await open();
    let told: Promise<unknown>[] = [];
    for (let round = 0; round < 6; round += 1) {
      const n = round * 10;
      told.push(append(ledger, makeFact(n, n)), append(ledger, makeFact(n + 1, n)), append(ledger, makeFact(n + 2, n)));
      const endedAt = Date.parse('2026-03-02T00:00:00Z');
      for (const session of [n, n + 1]) told.push(append(ledger, makeFact(session, n, { revision: 2, endedAt })));
      if (round > 0) told.push(append(ledger, makeFact(n - 8, n - 10, { revision: 2, endedAt })));
      if (round === 3) told.push(append(ledger, makeFact(n + 3, n, { revision: POISON })));
      const failed = disk.struck > 0;
      await disk.quiet();
      if (failed) disk.heal();
      if (round !== 2 && round !== 5) continue;
      if (disk.struck > 0) disk.heal();
      await Promise.all(told);
      assert.ok(await ledger.drained(), 'all is applied');
      await until('the disk counts as well', () => !ledger.degraded);
      await checkKilled(round);
      told = [];
      await ledger.close();
      assert.deepEqual(openBelow(disk.directory), [], 'files are open');
      ledger = await open();
    }
    await ledger.close();
    const operations = [...disk.operations];
    const struck = disk.struck > 0;
    disk.heal();
    await checkKilled(9);
    assert.deepEqual(openBelow(root), [], 'files are open');
    return { operations, struck };
  } finally {
    files.remove(disk);
    rmSync(root, { recursive: true });
  }
}

function newest(facts: readonly SessionFact[]): SessionFact[] {
  return [...new Map(facts.map((fact) => [fact.sessionId, fact])).values()];
}

test('the files of a ledger, each operation failing in every way: no fact is lost, no append rejects, no file stays open', async (t) => {
  const files = FaultyFiles.install(t);
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  t.after(() => process.off('unhandledRejection', note));
  const { operations } = await play(files, null);
  const faults = [true, false].flatMap((lasting) =>
    (['EIO', 'ENOSPC', 'short'] as const).flatMap((kind) =>
      operations.flatMap((operation, i) => (canFail(operation, kind) ? [{ kind, at: i + 1, lasting }] : [])),
    ),
  );
  for (const name of ['rename', 'datasync', 'sync', 'write', 'writeFile'])
    assert.ok(
      operations.some((operation) => operation.name === name),
      `${name} is one of them`,
    );
  const wrong: string[] = [];
  let cases = 0;
  await eachOf(faults, AT_ONCE, async (fault) => {
    try {
      if ((await play(files, fault)).struck) cases += 1;
    } catch (error) {
      const { name, path } = operations[fault.at - 1];
      wrong.push(
        `${fault.kind}${fault.lasting ? '…' : ''} at ${fault.at}, ${name} ${path}: ${(error as Error).message.replace(/\s+/g, ' ')}`,
      );
    }
  });
  t.diagnostic(`${operations.length} operations, ${cases} cases`);
  assert.equal(wrong.join('\n'), '');
  assert.deepEqual(unhandled, []);
  assert.ok(cases >= 240, `${cases} cases`);
});
