import { pino } from 'pino';
import type { Logger } from 'pino';

export type { Logger };

/** The process's logger: JSON lines on standard error (standard output is for people), the story of connections, sessions and jobs; nothing per packet. */
export function createLog(level: string): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
}

/** A stream key as it may stand in a log: its first four characters. */
export function maskKey(key: string): string {
  return `${key.slice(0, 4)}…`;
}
