import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { UsageError } from './command-io.ts';

/** Parses a command's arguments; throws UsageError for what it does not know. */
export function parseArguments<const T extends NonNullable<ParseArgsConfig['options']>>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    const text = (error as Error).message;
    throw new UsageError(text.charAt(0).toLowerCase() + text.slice(1).replace(/\. To specify a positional .*/s, ''), {
      cause: error,
    });
  }
}

/** A number within limits; throws UsageError that names the flag. */
export function numberArgument(flag: string, text: string, least: number, most: number, whole = true): number {
  const value = Number(text);
  const kind = whole ? 'a whole number' : 'a number';
  if (text.trim() === '' || !Number.isFinite(value) || (whole && !Number.isInteger(value)) || value < least || value > most) {
    throw new UsageError(`--${flag} must be ${kind} from ${least} to ${most}, not ${JSON.stringify(text)}`);
  }
  return value;
}
