// npm test: the checks and all tests that this machine has the parts for. npm test -- <files, directories, groups or names>: only these tests.
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { CHECKS } from './check/checks.js';
import { runChecks } from './check/run-checks.js';
import { chooseTests } from './test/groups.js';
import { describeLeftOut, missingParts } from './test/left-out.js';
import { runGroups } from './test/run-groups.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
const requireAll = process.env.REQUIRE_ALL === '1';

const failedChecks = args.length === 0 ? await runChecks(root, CHECKS) : [];
const chosen = chooseTests(root, args);
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort());
const totals = { success: true, counts: {}, skips: [] };

const incomplete = () => requireAll && missingParts(totals.skips).length > 0;
const beforeSummary = () => {
  const leftOut = describeLeftOut(totals.skips);
  const lines = incomplete() ? [...leftOut, 'REQUIRE_ALL=1: a part that is missing is a failure'] : leftOut;
  if (failedChecks.length > 0) lines.push(`failed before the tests: ${failedChecks.join(', ')}`);
  return lines;
};
for await (const text of Readable.from(runGroups({ ...chosen, root, signal: stop.signal }, totals, beforeSummary)).compose(
  new spec(),
))
  process.stdout.write(text);

const nothing = totals.counts.tests === 0 || totals.counts.tests === undefined;
if (nothing) process.stderr.write(`no test fits ${args.join(' ')}\n`);
process.exitCode = !stop.signal.aborted && totals.success && !nothing && failedChecks.length === 0 && !incomplete() ? 0 : 1;
