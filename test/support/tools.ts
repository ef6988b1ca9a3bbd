import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';

/** Path of a program on the PATH, or null. */
export function findTool(name: string): string | null {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  return null;
}

/** Path of a program that a test needs. Where it is missing, the test is skipped with the reason (null: return at once), or fails under REQUIRE_ALL=1. */
export function requireTool(t: TestContext, name: string): string | null {
  const path = findTool(name);
  if (path === null) leaveOut(t, `${name} is not installed`);
  return path;
}

/** Skips the test with its reason, or fails it under REQUIRE_ALL=1. */
export function leaveOut(t: TestContext, reason: string): void {
  if (process.env.REQUIRE_ALL === '1') throw new Error(`REQUIRE_ALL=1, but ${reason}`);
  t.skip(reason);
}
