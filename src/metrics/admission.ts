import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export interface MetricsRules {
  /** `local`: from this machine only. */
  readonly access: 'local' | 'public';
  /** Wanted as `Authorization: Bearer …` of everybody, or null. */
  readonly token: string | null;
}

/** A request as far as it tells who asks. */
export type Asking = Pick<IncomingMessage, 'headers'> & { readonly socket: { readonly remoteAddress?: string | undefined } };

/** What proxies write: a request that came through one is from elsewhere, wherever its connection comes from. */
const OF_A_PROXY = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];
const LOOPBACK = /^(::ffff:)?127\.|^::1$/;

/** The status that a reader is refused with, and why; null lets it read. */
export function refusalOf({ access, token }: MetricsRules, { headers, socket }: Asking): { status: number; text: string } | null {
  const isLocal = LOOPBACK.test(socket.remoteAddress ?? '') && OF_A_PROXY.every((name) => headers[name] === undefined);
  if (access === 'local' && !isLocal) return { status: 403, text: 'Metrics are for this machine only: see the setting metrics.' };
  if (token === null) return null;
  const sent = /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  return sent !== undefined && same(sent, token) ? null : { status: 401, text: 'Metrics want their token.' };
}

/** In the same time whatever they share. */
function same(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
