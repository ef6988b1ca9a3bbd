export type Level = 'ok' | 'warning' | 'failure';

/** What one check found: for a person, with what to change and why when it is not all right. */
export interface Finding {
  /** Such as `PostgreSQL` or `open files`. */
  readonly check: string;
  readonly level: Level;
  readonly text: string;
  readonly advice: string | null;
}

export function ok(check: string, text: string): Finding {
  return { check, level: 'ok', text, advice: null };
}

export function warning(check: string, text: string, advice: string): Finding {
  return { check, level: 'warning', text, advice };
}

export function failure(check: string, text: string, advice: string): Finding {
  return { check, level: 'failure', text, advice };
}

/** The load that the machine is judged for. */
export interface Load {
  readonly lives: number;
  readonly viewers: number;
  readonly kbPerSecond: number;
}

/** Bytes that all lives record in an hour. */
export function bytesPerHour({ lives, kbPerSecond }: Load): number {
  return lives * kbPerSecond * 125 * 3600;
}

export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}
