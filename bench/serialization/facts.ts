import { mkdir } from 'node:fs/promises';
import { Database } from '../../src/database/database.ts';
import { applySessionFacts } from '../../src/database/sessions.ts';
import { Ledger } from '../../src/ledger/ledger.ts';
import { createLog } from '../../src/log.ts';
import { makeFact, makeLives } from '../../test/support/session-facts.ts';
import type { TransactionOptions } from '../../src/database/database.ts';
import type { SessionFact } from '../../src/ledger/session-fact.ts';
import type { MeasuredPostgres } from './measured-postgres.ts';
import { EARLIER_SESSIONS } from './measure.ts';
import type { Shape } from './measure.ts';

const log = createLog('silent');

/** Ours: facts of sessions, each in a transaction of its own at the isolation level, or all through the ledger as in the server. */
export async function facts(postgres: MeasuredPostgres, way: 'read committed' | 'serializable' | 'ledger'): Promise<Shape> {
  const database = await Database.open({ connection: { ...postgres.connection }, log });
  const options: TransactionOptions = { idempotent: true, retryForMs: 60_000, ...(way === 'ledger' ? {} : { isolation: way }) };
  const apply = async (some: readonly SessionFact[]): Promise<void> => {
    await database.transaction((client) => applySessionFacts(client, some), options);
  };
  const ledger = way === 'ledger' ? await openLedger(postgres.directoryFor(`ledger-${performance.now()}`), apply) : null;
  const open: SessionFact[] = [];
  let sessions = 0;
  return {
    async prepare(lives) {
      await database.query('truncate users, videos, sessions, replay_settings restart identity cascade');
      await makeLives(database, lives);
      await apply(Array.from({ length: EARLIER_SESSIONS }, (_, i) => endOf(makeFact(++sessions, 1 + (i % lives)))));
      await database.query('analyze');
    },
    async start(live) {
      const fact = makeFact(++sessions, live);
      open.push(fact);
      if (ledger === null) await apply([fact]);
      else await ledger.append(fact);
    },
    // The publisher is let in before any of this. Here a start counts only once PostgreSQL has it, for the same comparison.
    async settle() {
      if (ledger !== null && !(await ledger.drained(60_000))) throw new Error('The ledger was not applied within a minute.');
    },
    async endAll() {
      await apply(open.splice(0).map(endOf));
    },
    async countSessions() {
      return (await database.query<{ count: number }>(`select count(*) from sessions`)).rows[0].count;
    },
    async close() {
      await ledger?.close();
      await database.close();
    },
  };
}

function endOf(fact: SessionFact): SessionFact {
  return { ...fact, revision: 2, state: 'ended', endedAt: fact.startedAt + 1, endReason: 'unpublished' };
}

async function openLedger(directory: string, apply: (facts: readonly SessionFact[]) => Promise<void>): Promise<Ledger> {
  await mkdir(directory, { recursive: true });
  return Ledger.open({ directory, apply, log, isPoison: () => false });
}
