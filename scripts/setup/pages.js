import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SetupError } from './setup-error.js';
import { runTool } from './tool.js';

const NOT_SOURCES = new Set(['dist', 'node_modules']);

/** Whether web/dist is missing, or was made from other sources than these. */
export function pagesMissing(root) {
  if (!existsSync(join(root, 'web', 'index.html'))) return false;
  const stamp = stampFile(root);
  return (
    !existsSync(join(root, 'web', 'dist', 'index.html')) ||
    !existsSync(stamp) ||
    readFileSync(stamp, 'utf8') !== hashSources(root)
  );
}

/** Builds the pages beside the old ones and puts them in their place at once, so that a running server always has a whole set. */
export async function buildPages(root, node) {
  const hash = hashSources(root);
  const next = join(root, '.cache', 'pages-next');
  const old = join(root, '.cache', 'pages-old');
  const dist = join(root, 'web', 'dist');
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const args = [
    vite,
    'build',
    join(root, 'web'),
    '--config',
    join(root, 'web', 'vite.config.ts'),
    '--outDir',
    next,
    '--emptyOutDir',
    '--logLevel',
    'warn',
  ];
  const { code, output } = await runTool(node, args, root);
  if (code !== 0) throw new SetupError(`The pages could not be built (vite ended with ${code}):\n${output.trimEnd()}`);
  rmSync(old, { recursive: true, force: true });
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(next, dist);
  rmSync(old, { recursive: true, force: true });
  mkdirSync(dirname(stampFile(root)), { recursive: true });
  writeFileSync(stampFile(root), hash);
}

function stampFile(root) {
  return join(root, '.cache', 'pages.sha256');
}

function hashSources(root) {
  const hash = createHash('sha256');
  const add = (path) => {
    if (existsSync(join(root, path)))
      hash
        .update(`${path}\0`)
        .update(readFileSync(join(root, path)))
        .update('\0');
  };
  const walk = (directory) => {
    const entries = readdirSync(join(root, directory), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      if (NOT_SOURCES.has(entry.name)) continue;
      if (entry.isDirectory()) walk(`${directory}/${entry.name}`);
      else add(`${directory}/${entry.name}`);
    }
  };
  walk('web');
  add('package-lock.json');
  return hash.digest('hex');
}
