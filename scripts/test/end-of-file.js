// Preloaded into the process of each test file (`--import`): how such a process ends. Not by --test-force-exit, which exits before what
// was found has gone through the pipe (nodejs/node#64833): the last tests of files were missing from runs that were green.
import { after } from 'node:test';
import { endProcess, restBeforeEnd } from '../../src/end-of-process.ts';

/** So long may something that a test left behind (a server, a timer, a child's pipe) keep its file from ending. */
const LEFT_BEHIND_MS = 5000;

after(() => {
  setTimeout(endAll, LEFT_BEHIND_MS).unref();
});
restBeforeEnd();

function endAll() {
  const { stdout } = process;
  if (stdout.writableLength > 0) stdout.write('', endAll);
  else endProcess();
}
