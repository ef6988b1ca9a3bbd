// Sets up what is missing, then runs a command on the pinned Node. Plain JavaScript for any Node >= 20, node: imports only.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInPlace } from './child.js';
import { explainSystemError } from './setup/explain.js';
import { setUp } from './setup/set-up.js';
import { SetupError } from './setup/setup-error.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const COMMANDS = {
  start: { entry: 'src/main.ts', pages: true },
  test: { entry: 'scripts/test.js', pages: false }, // builds them as one of its checks
  check: { entry: 'scripts/check.js', pages: false },
  bench: { entry: 'scripts/bench.js', pages: false },
  reprise: { entry: 'src/cli/reprise.ts', pages: false },
};

/** Node's flags for the server: its young generation is not to grow with the time it runs. */
function serverFlags() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).serverFlags;
}

/** What `reprise` with these arguments runs: the server unless another command is named. */
export function repriseCommand(args) {
  const [first, ...rest] = args;
  if (first === 'start') return ['start', ...rest];
  const forServer = first === undefined || (first.startsWith('-') && !['--help', '-h', '--version', '-v'].includes(first));
  return [forServer ? 'start' : 'reprise', ...args];
}

/** Runs `start`, `test`, `check`, `bench` or `reprise` with its arguments; resolves with the exit code. */
export async function runCommand([name, ...args]) {
  const command = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name] : null;
  if (command === null) {
    process.stderr.write(`usage: node scripts/run.js ${Object.keys(COMMANDS).join('|')} [arguments]\n`);
    return 2;
  }
  try {
    const asks = args.some((arg) => ['--help', '-h', '--version', '-v'].includes(arg));
    const node = await setUp(root, { pages: command.pages && !asks });
    const flags = name === 'start' ? serverFlags() : [];
    return await runInPlace(node, [...flags, join(root, command.entry), ...args]);
  } catch (thrown) {
    const error = explainSystemError(thrown, root);
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    return 1;
  }
}
