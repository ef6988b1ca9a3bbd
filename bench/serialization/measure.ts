import type { MeasuredPostgres } from './measured-postgres.ts';

/** One way to write down that a session has begun. */
export interface Shape {
  /** Lives numbered from 1, with {@link EARLIER_SESSIONS} of them in the tables. */
  prepare(lives: number): Promise<void>;
  /** Writes one start; rejects when it is lost. */
  start(live: number): Promise<void>;
  /** Resolves when all that was started is in the database. */
  settle?(): Promise<void>;
  endAll(): Promise<void>;
  countSessions(): Promise<number>;
  close(): Promise<void>;
}

/** A catalogue of some months, so that PostgreSQL looks rows up by their index. In small tables it reads all of them, and conflicts abound. */
export const EARLIER_SESSIONS = 2000;

export interface Measurement {
  readonly shape: string;
  readonly atOnce: number;
  readonly starts: number;
  /** Told by PostgreSQL's log: 40001, and 23503. */
  readonly serializationFailures: number;
  readonly foreignKeyViolations: number;
  readonly otherErrors: number;
  /** Starts that are not in the table. */
  readonly lost: number;
  readonly startsPerSecond: number;
}

/** Lets `atOnce` sessions begin in the same moment, `rounds` times over. */
export async function measure(
  postgres: MeasuredPostgres,
  name: string,
  shape: Shape,
  { atOnce, rounds }: { atOnce: number; rounds: number },
): Promise<Measurement> {
  await shape.prepare(atOnce);
  const before = await postgres.errors();
  const sessionsBefore = await shape.countSessions();
  let tookMs = 0;
  let rejected = 0;
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    const starts = await Promise.allSettled(Array.from({ length: atOnce }, (_, i) => shape.start(i + 1)));
    await shape.settle?.();
    tookMs += performance.now() - began;
    rejected += starts.filter(({ status }) => status === 'rejected').length;
    await shape.endAll();
  }
  const after = await postgres.errors();
  const count = (state: string): number => (after.get(state) ?? 0) - (before.get(state) ?? 0);
  const all = [...after.keys()].reduce((sum, state) => sum + count(state), 0);
  const starts = atOnce * rounds;
  const lost = starts - ((await shape.countSessions()) - sessionsBefore);
  if (lost !== rejected) throw new Error(`${name}: ${rejected} starts failed, but ${lost} are missing in the table.`);
  return {
    shape: name,
    atOnce,
    starts,
    serializationFailures: count('40001'),
    foreignKeyViolations: count('23503'),
    otherErrors: all - count('40001') - count('23503'),
    lost,
    startsPerSecond: Math.round((starts - lost) / (tookMs / 1000)),
  };
}
