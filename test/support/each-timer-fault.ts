import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { installTimers, TimerPlay } from './faulty-timers.ts';
import type { TimerFault, WatchedFiles } from './faulty-timers.ts';
import { eachOf } from './until.ts';

/** No story takes nearly so long. */
const HANGS_MS = 60_000;

/**
 * Plays a story once, and then once for each timer it has set and each way that one can fail, `atOnce` beside each other. None may leave an exception that
 * nobody catches, nor a timer that is still to come. Gives the number of cases that came to pass, by file.
 */
export async function eachTimerFault(
  t: TestContext,
  files: WatchedFiles,
  story: (play: TimerPlay, fault: TimerFault | null) => Promise<void>,
  atOnce = 1,
): Promise<Map<string, number>> {
  installTimers(t);
  const uncaught: string[] = [];
  const note = (error: unknown): void => void uncaught.push((error as Error).stack ?? String(error));
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, note);
    t.after(() => process.off(event, note));
  }
  const act = async (fault: TimerFault | null): Promise<TimerPlay> => {
    const play = new TimerPlay(files, fault);
    const over = new AbortController();
    const hangs = sleep(HANGS_MS, undefined, { signal: over.signal }).then(() => Promise.reject(new Error('hangs')));
    hangs.catch(() => undefined);
    await Promise.race([play.run(() => story(play, fault)), hangs]).finally(() => over.abort());
    assert.equal(play.uncaught.join('; '), '', 'nobody catches');
    assert.equal(play.running.join(', '), '', 'timers that are left');
    return play;
  };
  const { calls } = await act(null);
  const faults = [...calls].flatMap(([timer, count]): TimerFault[] => [
    ...Array.from({ length: count }, (_, i) => ({ timer, mode: 'throws' as const, call: i + 1 })),
    { timer, mode: 'never', call: 0 },
    { timer, mode: 'late', call: 0 },
  ]);
  const cases = new Map<string, number>();
  const wrong: string[] = [];
  await eachOf(faults, atOnce, async (fault) => {
    const [file] = fault.timer.split(' ');
    try {
      if ((await act(fault)).struck) cases.set(file, (cases.get(file) ?? 0) + 1);
    } catch (error) {
      const { timer, mode, call } = fault;
      wrong.push(`${timer} ${mode}${call > 0 ? ` at call ${call}` : ''}: ${(error as Error).message.replace(/\s+/g, ' ')}`);
    }
  });
  for (const file of Object.keys(files)) {
    const timers = [...calls.keys()].filter((timer) => timer.startsWith(`${file} `)).length;
    t.diagnostic(`${file}: ${timers} timers, ${cases.get(file) ?? 0} cases`);
  }
  assert.equal(wrong.join('\n'), '');
  assert.deepEqual(uncaught, []);
  return cases;
}
