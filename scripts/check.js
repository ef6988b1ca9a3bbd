// npm run check: what must hold of the sources without running them.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHECKS } from './check/checks.js';
import { runChecks } from './check/run-checks.js';

const failed = await runChecks(dirname(dirname(fileURLToPath(import.meta.url))), CHECKS);
process.exitCode = failed.length === 0 ? 0 : 1;
