import { pino } from 'pino';
import type { Logger } from 'pino';

export type { Logger };

/** What pino's types do not tell of a destination that takes bytes. */
interface BytesDestination {
  write(bytes: Uint8Array): boolean;
  flushSync(): void;
}

/** The process's logger: JSON lines on standard error (standard output is for people), the story of connections, sessions and jobs; nothing per packet. */
export function createLog(level: string): Logger {
  // As bytes: of text that waits to be written, sonic-boom counts the bytes anew for every line that comes.
  const destination = pino.destination({ dest: 2, contentMode: 'buffer', minLength: 0 }) as unknown as BytesDestination;
  const stream = {
    write: (line: string): boolean => destination.write(Buffer.from(line)),
    flushSync: (): void => destination.flushSync(),
  };
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}

/** A stream key as it may stand in a log: its first four characters. */
export function maskKey(key: string): string {
  return `${key.slice(0, 4)}…`;
}
