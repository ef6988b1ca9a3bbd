import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ledger } from './ledger.ts';
import { createLog } from '../log.ts';
import type { LedgerOptions } from './ledger.ts';
import type { SessionFact } from './session-fact.ts';
import type { TestContext } from 'node:test';

const log = createLog('silent');

function makeFact(session: number, revision: number, state: SessionFact['state'] = 'open'): SessionFact {
  return {
    sessionId: `00000000-0000-7000-8000-${String(session).padStart(12, '0')}`,
    revision,
    videoUuid: '00000000-0000-4000-8000-000000000001',
    state,
    startedAt: 1_700_000_000_000 + session,
    endedAt: state === 'ended' ? 1_700_000_100_000 : null,
    endReason: state === 'ended' ? 'unpublished' : null,
    error: null,
    errorDetail: null,
    interruptedAt: null,
    gaps: [],
    permanent: true,
    saveReplay: true,
    replayPrivacy: 1,
    reconnectWindowMs: 15_000,
    recordedBytes: 1,
    recordedMs: 1,
    width: 640,
    height: 360,
  };
}

async function makeDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'reprise-ledger-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A ledger whose database is a list that can be away. */
async function openLedger(t: TestContext, directory: string, options: Partial<LedgerOptions> = {}) {
  const applied: SessionFact[] = [];
  const database = { away: false, tries: 0, applied };
  const ledger = await Ledger.open({
    directory,
    log,
    apply: async (facts) => {
      database.tries += 1;
      await Promise.resolve();
      if (database.away) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
      applied.push(...facts);
    },
    ...options,
  });
  t.after(() => ledger.close());
  return { ledger, database };
}

const revisions = (facts: readonly SessionFact[]): string[] =>
  facts.map(({ sessionId, revision }) => `${Number(sessionId.slice(-12))}.${revision}`);

test('facts are applied in order, in batches, and what is appended together is durable together', async (t) => {
  const directory = await makeDirectory(t);
  const { ledger, database } = await openLedger(t, directory);
  const facts = Array.from({ length: 200 }, (_, i) => makeFact(i, 1));
  await Promise.all(facts.map((fact) => ledger.append(fact)));
  assert.equal((await readFile(path.join(directory, 'facts.log'), 'utf8')).split('\n').length, 201);
  assert.equal(await ledger.drained(), true);
  assert.deepEqual(database.applied, facts);
  assert.ok(database.tries <= 3, `${database.tries} tries`);
  assert.equal(ledger.pending, 0);
  assert.deepEqual(ledger.sessions(), facts);
});

test('while the database is away facts wait, without a limit, and come after in order', async (t) => {
  const { ledger, database } = await openLedger(t, await makeDirectory(t));
  database.away = true;
  const facts = [makeFact(1, 1), makeFact(2, 1), makeFact(1, 2, 'ended'), makeFact(3, 1)];
  for (const fact of facts) await ledger.append(fact);
  assert.equal(await ledger.drained(200), false);
  assert.equal(ledger.pending, 4);
  assert.ok(database.tries > 1);
  assert.deepEqual(revisions(ledger.sessions()), ['1.2', '2.1', '3.1'], 'an end that the database does not know is among them');
  database.away = false;
  void ledger.append(makeFact(2, 2, 'ended'));
  assert.equal(await ledger.drained(), true);
  assert.deepEqual(revisions(database.applied), ['1.1', '2.1', '1.2', '3.1', '2.2']);
});

test('a restart goes on where it stopped, and knows the sessions that were open', async (t) => {
  const directory = await makeDirectory(t);
  const first = await openLedger(t, directory);
  for (const fact of [makeFact(1, 1), makeFact(2, 1), makeFact(2, 2, 'ended')]) await first.ledger.append(fact);
  await first.ledger.drained();
  first.database.away = true;
  await first.ledger.append(makeFact(3, 1));
  await first.ledger.close();
  await first.ledger.close();

  const second = await openLedger(t, directory);
  assert.deepEqual(revisions(second.ledger.sessions()), ['1.1', '3.1']);
  assert.equal(await second.ledger.drained(), true);
  assert.deepEqual(revisions(second.database.applied), ['3.1']);
});

test('a last line that was torn at any byte is cut off, and the ledger goes on', async (t) => {
  const directory = await makeDirectory(t);
  const { ledger } = await openLedger(t, directory);
  await ledger.append(makeFact(1, 1));
  const file = path.join(directory, 'facts.log');
  const { size: before } = await stat(file);
  await ledger.append(makeFact(2, 1));
  await ledger.close();
  const { size: after } = await stat(file);
  const factEnd = (await readFile(file)).indexOf(0x0a, before) + 1; // then comes the mark of what is applied
  assert.ok(factEnd - before > 300 && factEnd < after);

  for (let size = before; size <= after; size += 1) {
    const copy = path.join(directory, 'torn');
    await rm(copy, { recursive: true, force: true });
    const torn = await Ledger.open({ directory: copy, log, apply: () => Promise.resolve() });
    await torn.close();
    await copyFile(file, path.join(copy, 'facts.log'));
    await truncate(path.join(copy, 'facts.log'), size);
    const again = await Ledger.open({ directory: copy, log, apply: () => Promise.resolve() });
    const whole = size >= factEnd;
    assert.deepEqual(revisions(again.sessions()), whole ? ['1.1', '2.1'] : ['1.1'], `cut at byte ${size - before}`);
    await again.append(makeFact(3, 1));
    await again.close();
    const last = await Ledger.open({ directory: copy, log, apply: () => Promise.resolve() });
    assert.deepEqual(revisions(last.sessions()), whole ? ['1.1', '2.1', '3.1'] : ['1.1', '3.1']);
    await last.close();
  }
});

test('a damaged line costs only itself', async (t) => {
  const directory = await makeDirectory(t);
  const { ledger } = await openLedger(t, directory);
  for (const fact of [makeFact(1, 1), makeFact(2, 1), makeFact(3, 1)]) await ledger.append(fact);
  await ledger.close();
  const file = path.join(directory, 'facts.log');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('000000000002"', '000000000009"'));
  const again = await openLedger(t, directory);
  assert.deepEqual(revisions(again.ledger.sessions()), ['1.1', '3.1']);
});

test('a fact that the database refuses for good is set aside, the others go on', async (t) => {
  const directory = await makeDirectory(t);
  const applied: SessionFact[] = [];
  const { ledger } = await openLedger(t, directory, {
    apply: async (facts) => {
      await Promise.resolve();
      if (facts.some((fact) => fact.revision === 13)) throw Object.assign(new Error('check violated'), { code: '23514' });
      applied.push(...facts);
    },
  });
  const facts = Array.from({ length: 100 }, (_, i) => makeFact(i, i === 41 || i === 42 ? 13 : 1));
  await Promise.all(facts.map((fact) => ledger.append(fact)));
  assert.equal(await ledger.drained(), true);
  assert.deepEqual(
    applied,
    facts.filter((fact) => fact.revision === 1),
  );
  const rejected = (await readFile(path.join(directory, 'rejected.log'), 'utf8')).trim().split('\n');
  assert.deepEqual(
    rejected.map((line) => (JSON.parse(line) as { fact: SessionFact }).fact),
    [facts[41], facts[42]],
  );
});

test('compaction keeps what is open or not applied, and nothing else', async (t) => {
  const directory = await makeDirectory(t);
  const { ledger, database } = await openLedger(t, directory, { compactAtBytes: 4096 });
  await ledger.append(makeFact(999, 1));
  for (let i = 0; i < 200; i += 1) {
    void ledger.append(makeFact(i, 1));
    await ledger.append(makeFact(i, 2, 'ended'));
    if (i % 10 === 0) await ledger.drained();
  }
  await ledger.drained();
  // Facts that a newer one of the session has overtaken may be dropped unapplied; the newest of each never.
  const got = new Set(revisions(database.applied));
  for (let i = 0; i < 200; i += 1) assert.ok(got.has(`${i}.2`), `session ${i}`);
  assert.ok(got.has('999.1'));

  database.away = true;
  for (let revision = 2; revision <= 60; revision += 1) await ledger.append(makeFact(999, revision));
  await ledger.append(makeFact(1000, 1, 'ended'));
  await ledger.close();
  const { size } = await stat(path.join(directory, 'facts.log'));
  assert.ok(size < 12_000, `${size} bytes`);

  const again = await openLedger(t, directory);
  assert.deepEqual(revisions(again.ledger.sessions()), ['999.60']);
  await again.ledger.drained();
  assert.deepEqual(revisions(again.database.applied).slice(-2), ['999.60', '1000.1']);
});

test('a try that is broken off by the close is no reason to set a fact aside', async (t) => {
  const directory = await makeDirectory(t);
  let begun = (): void => {};
  const beginning = new Promise<void>((resolve) => (begun = resolve));
  const { ledger } = await openLedger(t, directory, {
    isPoison: () => true,
    apply: (_facts, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('broken off')));
        begun();
      }),
  });
  await ledger.append(makeFact(1, 1, 'ended'));
  await beginning;
  await ledger.close();
  await assert.rejects(stat(path.join(directory, 'rejected.log')), { code: 'ENOENT' });
  const again = await openLedger(t, directory);
  assert.equal(await again.ledger.drained(), true);
  assert.deepEqual(revisions(again.database.applied), ['1.1']);
});
