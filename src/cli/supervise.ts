import { setTimeout as sleep } from 'node:timers/promises';
import { fullJitter, RECONNECT_BACK_OFF } from './back-off.ts';
import type { BackOff } from './back-off.ts';
import { publishOnce } from './publish-once.ts';
import type { PublishEvent, PublishOnceOptions, PublishOutcome } from './publish-once.ts';

/** `retrying`: waits before it tries again. */
export type SuperviseEvent = PublishEvent | { readonly kind: 'retrying'; readonly delayMs: number };

export interface SuperviseOptions extends PublishOnceOptions {
  readonly onEvent?: (event: SuperviseEvent) => void;
  /** Asked after each connection that was lost or refused. */
  readonly mayRetry: (outcome: PublishOutcome) => boolean;
  readonly backOff?: BackOff;
}

/** A publication that broke sooner does not count as a success: two encoders that fight for one key must get slower. */
const STEADY_MS = 5000;

/** Publishes, and comes back when the connection breaks, until the source ends, the signal is aborted, or it may not retry. Gives how the last connection went. Never rejects. */
export async function supervise(options: SuperviseOptions): Promise<PublishOutcome> {
  const { signal, crash, onEvent, mayRetry, backOff = RECONNECT_BACK_OFF } = options;
  const over = crash === undefined ? signal : AbortSignal.any([signal, crash]);
  for (let failures = 0; ;) {
    const outcome = await publishOnce(options);
    if (outcome.end === 'ended' || outcome.end === 'stopped' || over.aborted || !mayRetry(outcome)) return outcome;
    failures = outcome.publishedMs > STEADY_MS ? 0 : failures + 1;
    const delayMs = fullJitter(failures, backOff);
    onEvent?.({ kind: 'retrying', delayMs });
    await sleep(delayMs, undefined, { signal: over }).catch(() => {});
    if (over.aborted) return { ...outcome, end: 'stopped' };
  }
}
