import { REFUSALS } from '../errors.ts';
import type { RefusalCode } from '../errors.ts';

/** What a server said when it did not take a publication, or no longer. */
export interface ServerRefusal {
  /** RTMP status code. */
  readonly code: string;
  readonly description: string;
}

/** Our refusals that no waiting changes. */
const FOR_GOOD = new Set<RefusalCode>([
  'wrong_app',
  'unknown_key',
  'live_ended',
  'live_deleted',
  'blocked',
  'play_not_supported',
]);
/** Status codes of other servers that no waiting changes. */
const FOR_GOOD_ELSEWHERE = new Set(['NetConnection.Connect.InvalidApp']);

/** Our own code for what a server told, or null when it is not one of our servers. */
export function refusalCode({ code, description }: ServerRefusal): RefusalCode | null {
  const entries = Object.entries(REFUSALS) as [RefusalCode, (typeof REFUSALS)[RefusalCode]][];
  return entries.find(([, { rtmp, text }]) => rtmp === code && text === description)?.[0] ?? null;
}

/** Whether coming back is of no use. */
export function isForGood(refusal: ServerRefusal): boolean {
  const own = refusalCode(refusal);
  return own === null ? FOR_GOOD_ELSEWHERE.has(refusal.code) : FOR_GOOD.has(own);
}
