import type { z } from 'zod';
import { listAttempts } from '../database/attempts.ts';
import type { AttemptRow } from '../database/attempts.ts';
import type { Database } from '../database/database.ts';
import { failureKind } from '../database/transaction.ts';
import { REFUSALS } from '../errors.ts';
import type { attemptSchema } from './schemas/live.ts';

const WITHIN_MS = 500;

/** All attempts of a live that are kept, newest first: those in memory, and as far as the database is there, those it has. */
export async function readAttempts(
  database: Database,
  videoUuid: string,
  inMemory: readonly AttemptRow[],
  keep: number,
): Promise<AttemptRow[]> {
  let rows: AttemptRow[] = [];
  try {
    rows = await database.transaction((client) => listAttempts(client, videoUuid), { retryForMs: WITHIN_MS });
  } catch (error) {
    if (failureKind(error) === 'other') throw error;
  }
  const known = new Map([...rows, ...inMemory].map((attempt) => [attempt.id, attempt]));
  return [...known.values()].sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1)).slice(0, keep);
}

export function attemptJson({ at, code, address, encoder, sessionId }: AttemptRow): z.output<typeof attemptSchema> {
  const text = code in REFUSALS ? REFUSALS[code as keyof typeof REFUSALS].text : '';
  return { date: new Date(at).toISOString(), accepted: code === 'accepted', code, text, address, encoder, sessionId };
}
