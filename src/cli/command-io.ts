import type { Readable } from 'node:stream';

/** What a command gets from the process that runs it. */
export interface CommandIo {
  /** Writes to standard output: results. */
  readonly out: (text: string) => void;
  /** Writes to standard error: progress and faults. */
  readonly err: (text: string) => void;
  readonly stdin: Readable;
  /** Standard error is a terminal, where a line can be written over. */
  readonly terminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C and SIGTERM, with the exit code of the signal as the reason. */
  readonly signal: AbortSignal;
}

/** Wrong arguments: told as they are, exit code 2. */
export class UsageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UsageError';
  }
}

/** The exit code that the signal which aborted this asks for: 130 for Ctrl-C, 143 for SIGTERM. */
export function exitCodeOf(signal: AbortSignal): number {
  return typeof signal.reason === 'number' ? signal.reason : 130;
}
