import { run } from 'node:test';

const COUNTS = ['tests', 'suites', 'passed', 'failed', 'cancelled', 'skipped', 'todo'];
const WORDS = { passed: 'pass', failed: 'fail' };
/** No group takes this long: something hangs, and is ended with the names of what was running. */
const GROUP_DEADLINE_MS = 20 * 60_000;
const END_OF_FILE = new URL('end-of-file.js', import.meta.url).href;
const SUMMARY_LINE = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;

/**
 * Runs the groups one after the other, each with its own concurrency, as one run of Node's test runner: yields the events of all, with
 * one summary at the end. `totals` is filled as they come; `beforeSummary` gives lines to stand before it.
 */
export async function* runGroups({ groups, names, root, signal }, totals, beforeSummary) {
  const start = performance.now();
  for (const { files, concurrency, timeoutMs } of groups) {
    if (signal.aborted) break;
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(GROUP_DEADLINE_MS)]);
    const options = {
      cwd: root,
      signal: deadline,
      execArgv: ['--import', END_OF_FILE],
      files: files.map((file) => `${root}/${file}`),
      concurrency,
      timeout: timeoutMs,
    };
    const stream = run(names.length > 0 ? { ...options, testNamePatterns: names } : options);
    for await (const event of stream) {
      const { type, data } = event;
      if (type === 'test:summary' && data.file === undefined) {
        for (const name of COUNTS) totals.counts[name] = (totals.counts[name] ?? 0) + data.counts[name];
        totals.success &&= data.success;
      } else if (!(type === 'test:diagnostic' && data.nesting === 0 && SUMMARY_LINE.test(data.message))) {
        if (type === 'test:pass' && data.skip !== undefined)
          totals.skips.push({ name: data.name, file: data.file, reason: data.skip });
        yield event;
      }
    }
  }
  const duration_ms = performance.now() - start;
  // the reporter tells at this what failed: before the counts, so that these are the last to be seen
  yield { type: 'test:summary', data: { success: totals.success, counts: totals.counts, duration_ms } };
  for (const line of beforeSummary()) yield diagnostic(line);
  for (const name of COUNTS) yield diagnostic(`${WORDS[name] ?? name} ${totals.counts[name] ?? 0}`);
  yield diagnostic(`duration_ms ${duration_ms}`);
}

function diagnostic(message) {
  return { type: 'test:diagnostic', data: { nesting: 0, message, level: 'info' } };
}
