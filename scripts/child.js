import { spawn } from 'node:child_process';
import { SetupError } from './setup/setup-error.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** Ctrl-C comes twice under npm: from the terminal, and passed on by npm. */
const SAME_SIGNAL_MS = 500;

/** Runs a program in our place: our standard streams, the signals we get, its way to end. Resolves with the exit code. */
export async function runInPlace(command, args, options = {}) {
  const child = spawn(command, args, { stdio: 'inherit', ...options });
  const last = new Map();
  const forward = (signal) => {
    const now = Date.now();
    if (now - (last.get(signal) ?? 0) > SAME_SIGNAL_MS) child.kill(signal);
    last.set(signal, now);
  };
  for (const signal of SIGNALS) process.on(signal, forward);
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (...end) => resolve(end));
  }).catch((error) => {
    throw new SetupError(
      `${command} can not be run on this machine (${error.code}). Reprise needs Linux with glibc 2.28 or newer, or macOS.`,
    );
  });
  for (const each of SIGNALS) process.off(each, forward);
  if (signal !== null) {
    process.kill(process.pid, signal);
    await new Promise((resolve) => setTimeout(resolve, 1000)); // the signal ends us
  }
  return code ?? 1;
}
