// Holds the sources against scripts/check/import-table.js: who may import whom.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findViolations } from './check/import-rules.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const files = globSync(['src/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts', 'scripts/**/*.js', 'web/src/**/*.{ts,svelte}'], {
  cwd: root,
}).sort();
const violations = findViolations(new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')])));
for (const violation of violations) process.stdout.write(`${violation}\n`);
process.exitCode = violations.length === 0 ? 0 : 1;
