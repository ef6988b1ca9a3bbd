import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './setup-error.js';

/** From here on Node runs TypeScript as it is. */
const OLDEST = [22, 18];

/** Path of the Node that runs Reprise: the pinned one of node_modules, else this one if it is new enough. */
export function findRuntime(root, { platform, arch, version, execPath } = machine()) {
  const pinned = join(root, 'node_modules', `node-${platform}-${arch}`, 'bin', 'node');
  if (existsSync(pinned)) return pinned;
  const [major, minor] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return execPath;
  const name = `${platform}-${arch}`;
  throw new SetupError(
    name === 'linux-x64' || name === 'linux-arm64'
      ? `The package node-${name} is missing from node_modules. Run "npm ci --ignore-scripts" and try again.`
      : `There is no pinned Node.js for ${name}, and this one is ${version}. Install Node.js ${OLDEST.join('.')} or newer (24 is best) and try again.`,
  );
}

function machine() {
  return { platform: process.platform, arch: process.arch, version: process.versions.node, execPath: process.execPath };
}
