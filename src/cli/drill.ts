import type { CommandIo } from './command-io.ts';
export async function runDrill(_a: readonly string[], _io: CommandIo): Promise<number> {
  return 1;
}
