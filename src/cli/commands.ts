import type { CommandIo } from './command-io.ts';

/** One command of `reprise`. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** What runs it, with the arguments behind its name; gives the exit code. None: the server, which scripts/ starts. */
  readonly load?: () => Promise<(args: readonly string[], io: CommandIo) => Promise<number>>;
}

export const COMMANDS: readonly Command[] = [
  { name: 'start', summary: 'run the server (also without any command); reprise start --help lists its settings' },
  {
    name: 'push',
    summary: 'publish an FLV file or stream, and come back when the connection breaks',
    load: async () => (await import('./push.ts')).runPush,
  },
  {
    name: 'drill',
    summary: 'restart many publishers at once, stop the database, fill the disk, kill the server: and count what is lost',
    load: async () => (await import('./drill.ts')).runDrill,
  },
  {
    name: 'restart',
    summary: 'end the sessions of lives, spread over a time, so that their encoders connect again',
    load: async () => (await import('./restart.ts')).runRestart,
  },
  {
    name: 'doctor',
    summary: 'look at what the server stands on, and say what to change',
    load: async () => (await import('./doctor.ts')).runDoctor,
  },
];

/** The commands, for people. */
export function formatCommands(): string {
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(8)} ${summary}`);
  return ['Usage: reprise [command] [arguments]', '', ...lines, '', 'reprise <command> --help tells more of one.', ''].join('\n');
}
