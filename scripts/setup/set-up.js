import { join } from 'node:path';
import { withLock } from './lock.js';
import { installPackages, packagesMissing } from './packages.js';
import { buildPages, pagesMissing } from './pages.js';
import { showStep } from './progress.js';
import { findRuntime } from './runtime.js';

/** Makes what is missing: packages, and pages if they are wanted. Does nothing the second time. Returns the path of the Node to use. */
export async function setUp(root, { pages }) {
  const done = () => packagesMissing(root) === null && !(pages && pagesMissing(root));
  if (!done()) {
    await withLock(
      join(root, '.cache', 'set-up.lock'),
      async () => {
        // another process may have done it while we waited
        if (packagesMissing(root) !== null) await showStep('installing packages (npm ci, once)', () => installPackages(root));
        const node = findRuntime(root);
        if (pages && pagesMissing(root)) await showStep('building the pages (vite, once)', () => buildPages(root, node));
      },
      () => process.stderr.write('… waiting for another process that is setting up\n'),
    );
  }
  return findRuntime(root);
}
