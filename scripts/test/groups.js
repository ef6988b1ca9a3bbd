import { availableParallelism } from 'node:os';
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The tests there are, in the order they run: what is small and quick first. End-to-end tests have the machine to themselves. */
const GROUPS = [
  {
    name: 'unit',
    patterns: ['src/**/*.test.ts', 'bench/**/*.test.ts', 'scripts/**/*.test.js', 'web/src/**/*.test.ts'],
    concurrency: availableParallelism(),
    timeoutMs: 120_000,
  },
  { name: 'integration', patterns: ['test/integration/**/*.test.ts'], concurrency: 2, timeoutMs: 300_000 },
  { name: 'conformance', patterns: ['test/conformance/**/*.test.ts'], concurrency: 2, timeoutMs: 300_000 },
  { name: 'e2e', patterns: ['test/e2e/**/*.test.ts'], concurrency: 1, timeoutMs: 900_000 },
];

/**
 * What to run for the arguments of `npm test -- …`: files, directories or groups choose files; anything else is a part of a test's
 * name. Without arguments: all.
 */
export function chooseTests(root, args) {
  const chosen = new Set();
  const names = [];
  for (const arg of args) {
    const group = GROUPS.find(({ name }) => name === arg);
    const stats = statSync(join(root, arg), { throwIfNoEntry: false });
    if (group !== undefined) for (const file of filesOf(root, group)) chosen.add(file);
    else if (stats?.isDirectory())
      for (const file of globSync(`${arg.replace(/\/$/, '')}/**/*.test.{ts,js}`, { cwd: root })) chosen.add(file);
    else if (stats?.isFile()) chosen.add(arg.replace(/^\.\//, ''));
    else names.push(arg);
  }
  const groups = GROUPS.map((group) => ({
    ...group,
    files: filesOf(root, group).filter((file) => chosen.size === 0 || chosen.has(file)),
  }));
  return { groups: groups.filter(({ files }) => files.length > 0), names };
}

function filesOf(root, { patterns }) {
  return patterns.flatMap((pattern) => globSync(pattern, { cwd: root })).sort();
}
