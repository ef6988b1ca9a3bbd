/**
 * So long a process that was busy rests before it ends. The end waits for V8's compiler threads; one of them that needs the garbage
 * collector just then waits for the main thread, and both wait for ever (nodejs/node#54918; seen with Node 24, once in some 25 ends of
 * a busy process). What is being compiled is done within this time.
 */
const REST_MS = 100;

/** Ends the process after a rest, with this exit code (default: `process.exitCode`). */
export function endProcess(code?: number): void {
  setTimeout(() => process.exit(code), REST_MS);
}

/** The process ends by itself when nothing is left to do: it rests first. To be called once. */
export function restBeforeEnd(): void {
  process.once('beforeExit', () => setTimeout(() => undefined, REST_MS));
}

/** Ends the process at once, whatever its threads do: nothing runs any more, and whoever waits for it sees SIGKILL (137). */
export function killProcess(): void {
  process.kill(process.pid, 'SIGKILL');
}
