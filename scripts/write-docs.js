// Writes what of the documentation is made from tables of the code; with --check, says where it is not what would be written.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatePages } from './check/generated-docs.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
for (const { file, before, after } of await generatePages(root)) {
  if (before === after) continue;
  if (!process.argv.includes('--check')) writeFileSync(join(root, file), after);
  else {
    process.stdout.write(`${file} is not what the code says: run "npm run docs"\n`);
    process.exitCode = 1;
  }
}
