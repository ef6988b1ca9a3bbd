import { setTimeout as sleep } from 'node:timers/promises';

/** Conflicts with another transaction: the database rolled ours back and asks for it again. */
const CONFLICTS = new Set(['40001', '40P01']);
/**
 * The server cannot work just now (PostgreSQL appendix A): class 08 connection, 53 resources such as the disk, 58 system; stopping, starting,
 * crashed under us, asked of a standby, or a lock that others hold.
 */
const SERVER_AWAY = /^(08|53|58)...$|^(57P0[1-5]|57014|25006|55006|55P03)$/;
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
]);
const NETWORK_MESSAGES =
  /connection terminated|connection ended|timeout exceeded when trying to connect|query read timeout|client has encountered a connection error/i;

/** How a transaction is retried. */
export interface RetryOptions {
  /** Gives up waiting between tries when aborted. */
  readonly signal?: AbortSignal;
  /** No new try begins after this time. */
  readonly retryForMs?: number;
}

export type FailureKind = 'conflict' | 'away' | 'other';

/** What an error from the database asks for: another try at once, another try when the server is back, or none. */
export function failureKind(error: unknown): FailureKind {
  if (!(error instanceof Error)) return 'other';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (CONFLICTS.has(code)) return 'conflict';
  if (SERVER_AWAY.test(code) || NETWORK_CODES.has(code)) return 'away';
  return NETWORK_MESSAGES.test(error.message) ? 'away' : 'other';
}

/** True when the error came as the server's answer: what was asked has certainly not been done. */
export function isAnswered(error: unknown): boolean {
  return error instanceof Error && 'severity' in error;
}

/** Runs `attempt` until it succeeds, fails for good, or the time is up; waits with capped exponential back-off and full jitter. */
export async function retrying<T>(attempt: () => Promise<T>, { signal, retryForMs = 15_000 }: RetryOptions = {}): Promise<T> {
  const giveUpAt = performance.now() + retryForMs;
  for (let tries = 1; ; tries += 1) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      const kind = failureKind(error);
      if (kind === 'other') throw error;
      const [baseMs, capMs] = kind === 'conflict' ? [4, 250] : [25, 1_000];
      const delayMs = Math.random() * Math.min(capMs, baseMs * 2 ** Math.min(tries, 20));
      if (performance.now() + delayMs > giveUpAt) throw error;
      await sleep(delayMs, undefined, signal === undefined ? {} : { signal });
    }
  }
}
