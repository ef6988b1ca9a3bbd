import type { z } from 'zod';
import type { healthSchema } from './schemas/health.ts';

/** What the rooms tell of themselves. */
export interface RoomsHealth {
  /** Publishers are let in: RTMP listens, and the server does not close. */
  readonly receiving: boolean;
  readonly database: { readonly ok: boolean; readonly latencyMs: number };
  readonly ledger: { readonly pending: number; readonly degraded: boolean };
  readonly lives: { readonly lives: number; readonly onAir: number; readonly recordingsFailing: number };
}

/** The server's health: down when publishers are not let in; degraded when something fails and broadcasts go on. */
export function healthJson({ receiving, database, ledger, lives }: RoomsHealth): z.output<typeof healthSchema> {
  const impaired = !database.ok || ledger.degraded || lives.recordingsFailing > 0;
  return {
    status: !receiving ? 'down' : impaired ? 'degraded' : 'ok',
    // Anybody may ask: what exactly failed, and where the database is, stands in the log.
    database: {
      ok: database.ok,
      latencyMs: Math.round(database.latencyMs),
      ...(database.ok ? {} : { error: 'The database does not answer.' }),
    },
    ledger: { pending: ledger.pending, degraded: ledger.degraded },
    lives: { count: lives.lives, onAir: lives.onAir },
    recordingsFailing: lives.recordingsFailing,
  };
}
