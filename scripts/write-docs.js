// Writes what of the documentation is made from tables of the code; with --check, says where it is not what would be written.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { settingDescriptions } from '../src/config.ts';
import { REFUSALS } from '../src/errors.ts';
import { formatRefusals, formatSettings, replaceBetweenMarks } from './check/generated-docs.js';

const PAGES = [
  { file: 'docs/configure.md', mark: 'settings', content: formatSettings(settingDescriptions()) },
  { file: 'docs/publish.md', mark: 'refusals', content: formatRefusals(REFUSALS) },
];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
for (const { file, mark, content } of PAGES) {
  const path = join(root, file);
  const before = readFileSync(path, 'utf8');
  const after = replaceBetweenMarks(before, mark, content);
  if (before === after) continue;
  if (!process.argv.includes('--check')) writeFileSync(path, after);
  else {
    process.stdout.write(`${file} is not what the code says: run "npm run docs"\n`);
    process.exitCode = 1;
  }
}
