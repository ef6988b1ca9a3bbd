import { statfsSync } from 'node:fs';
import { SetupError } from './setup-error.js';

const NETWORK = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTCACHED',
  'ERR_SOCKET_TIMEOUT',
  'FETCH_ERROR',
]);

/** What npm wrote as it failed, in words that say what to do. */
export function explainNpmError(output, root) {
  const code = /^npm (?:error|ERR!) code (\S+)/m.exec(output)?.[1] ?? '';
  const lines = output.split('\n').map((line) => line.replace(/^npm (error|ERR!) ?/, '').trimEnd());
  const tail = lines
    .filter((line) => line !== '' && !/^\s+at /.test(line))
    .slice(-12)
    .join('\n');
  const details = tail === '' || code === 'NPM_MISSING' ? '' : `\n\nWhat npm said:\n${tail}`;
  return new SetupError(`${cause(code, root)}${details}`);
}

/** An error of the file system that is no bug of ours, in the same words; any other as it is. */
export function explainSystemError(error, root) {
  return ['ENOSPC', 'EACCES', 'EPERM', 'EROFS'].includes(error?.code)
    ? new SetupError(cause(error.code, root), { cause: error })
    : error;
}

function cause(code, root) {
  if (NETWORK.has(code)) {
    return 'The package registry can not be reached. Check the network, and the registry and proxy that "npm config list" shows; then try again.';
  }
  if (code === 'ENOSPC')
    return `The disk is full: ${freeMegabytes(root)} MB are free at ${root}, and an installation takes about 450 MB, and as much again in npm's cache.`;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return `This user may not write to ${root} or to npm's cache. Use a directory of your own, or the user who installed it.`;
  }
  if (code === 'EUSAGE')
    return 'package-lock.json does not fit package.json. Run "npm install --ignore-scripts" once, and keep the lockfile it writes.';
  if (code === 'EINTEGRITY')
    return 'A package is not the one that package-lock.json names. Run "npm cache clean --force" and try again.';
  if (code === 'NPM_MISSING') return 'npm is not on the PATH. Reprise needs Node.js 20.19 or newer with its npm.';
  return 'The packages could not be installed.';
}

function freeMegabytes(path) {
  const { bavail, bsize } = statfsSync(path);
  return Math.floor((bavail * bsize) / 1e6);
}
