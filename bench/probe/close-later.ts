import { Fleet } from '../../src/cli/fleet.ts';
import type { WireClient } from '../http/wire-client.ts';

/** Closes connections at an instant, or when all is given up: a server that hangs does not hold us. The function that is given back does so at once. */
export function closeLater(clients: readonly WireClient[], atMs: number, signal: AbortSignal): () => void {
  const close = (): void => {
    clearTimeout(timer);
    signal.removeEventListener('abort', close);
    for (const client of clients) client.close();
  };
  const timer = setTimeout(close, Math.max(0, atMs - Fleet.now()));
  signal.addEventListener('abort', close);
  return close;
}
