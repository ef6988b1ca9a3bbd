import packageJson from '../../package.json' with { type: 'json' };
import { restBeforeEnd } from '../end-of-process.ts';
import { UsageError } from './command-io.ts';
import type { CommandIo } from './command-io.ts';
import { COMMANDS, formatCommands } from './commands.ts';

/** Runs `reprise <command> …`; resolves with the exit code. `start` is not among them: the server is a program of its own. */
export async function runReprise([name = '', ...args]: readonly string[], io: CommandIo): Promise<number> {
  if (['--help', '-h', 'help'].includes(name)) {
    io.out(formatCommands());
    return 0;
  }
  if (['--version', '-v'].includes(name)) {
    io.out(`${packageJson.version}\n`);
    return 0;
  }
  const command = COMMANDS.find((each) => each.name === name);
  if (command?.load === undefined) {
    io.err(`reprise: there is no command ${JSON.stringify(name)}\n\n${formatCommands()}`);
    return 2;
  }
  const run = await command.load();
  try {
    return await run(args, io);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    io.err(`reprise ${name}: ${error.message}\nreprise ${name} --help tells more.\n`);
    return 2;
  }
}

/** Ctrl-C comes more than once under npm: from the terminal, and passed on. */
const SAME_SIGNAL_MS = 1000;

if (import.meta.main) {
  restBeforeEnd();
  const stop = new AbortController();
  let stoppedAt = 0;
  const onSignal = (code: number) => (): void => {
    if (stop.signal.aborted && performance.now() - stoppedAt > SAME_SIGNAL_MS) process.exit(code);
    if (!stop.signal.aborted) stoppedAt = performance.now();
    stop.abort(code);
  };
  process.on('SIGINT', onSignal(130));
  process.on('SIGTERM', onSignal(143));
  const { stdin, stdout, stderr, env } = process;
  // A reader that went away, such as `| head`.
  stdout.on('error', () => process.exit(141));
  const code = await runReprise(process.argv.slice(2), {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    stdin,
    terminal: stderr.isTTY,
    env,
    signal: stop.signal,
  });
  process.exitCode = code;
}
