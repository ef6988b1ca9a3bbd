import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { explainNpmError } from './explain.js';
import { runTool } from './tool.js';

/** Of which lockfile the packages were installed: in node_modules, to go with it. */
const STAMP = 'node_modules/.reprise-lockfile.sha256';

/** Why the packages must be installed, or null when node_modules is what package-lock.json wants. */
export function packagesMissing(root) {
  const wanted = readPackages(join(root, 'package-lock.json'));
  // npm writes it at the very end, so an interrupted install has none
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (installed === null) return 'not installed';
  // npm leaves out what a lockfile names and nobody needs: what it once made of this very lockfile is right
  if (readText(join(root, STAMP)) === hashLockfile(root)) return null;
  for (const [path, { version, optional, devOptional, link }] of Object.entries(wanted ?? {})) {
    if (path === '' || link) continue;
    if (installed[path] === undefined ? !optional && !devOptional : installed[path].version !== version) {
      return `${path.replace(/^node_modules\//, '')} is not at ${version}`;
    }
  }
  return null;
}

/** `npm ci`, without any install script: nothing that we use needs one. */
export async function installPackages(root) {
  const [command, ...start] = npmCommand(root);
  const options = ['--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output } = await runTool(command, [...start, 'ci', ...options], root).catch((error) => {
    throw explainNpmError(error.code === 'ENOENT' ? 'npm error code NPM_MISSING' : String(error), root);
  });
  if (code !== 0) throw explainNpmError(output, root);
  writeFileSync(join(root, STAMP), hashLockfile(root));
}

/** The npm that runs us, else the one on the PATH; on a Node outside node_modules, which the install replaces. */
function npmCommand(root) {
  const cli = process.env.npm_execpath ?? '';
  if (basename(cli) !== 'npm-cli.js') return ['npm'];
  const node = [process.env.npm_node_execpath, process.execPath].find((path) => path && !path.startsWith(root + sep));
  return node === undefined ? ['npm'] : [node, cli];
}

function hashLockfile(root) {
  return createHash('sha256')
    .update(readText(join(root, 'package-lock.json')) ?? '')
    .digest('hex');
}

function readPackages(path) {
  try {
    return JSON.parse(readText(path) ?? '{}').packages ?? null;
  } catch {
    return null; // half written
  }
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}
