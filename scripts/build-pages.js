// Builds the pages if they are missing or old, as `npm start` does.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp } from './setup/set-up.js';
import { SetupError } from './setup/setup-error.js';

try {
  await setUp(dirname(dirname(fileURLToPath(import.meta.url))), { pages: true });
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
