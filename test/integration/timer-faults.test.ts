import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BEGAN, Broadcast, liveRecord } from '../support/broadcast.ts';
import { IN_MEMORY } from '../support/faulty-files.ts';

type Mode = 'throws' | 'never' | 'late';
const WINDOW_MS = 20;

/** Two lives, one of them interrupted, resumed, and left; its timers, in the order they are set, and one of them at fault. */
async function play(fault: { readonly mode: Mode; readonly at: number } | null): Promise<number> {
  const directory = mkdtempSync(join(IN_MEMORY, 'reprise-timer-faults-'));
  const real = { setTimeout: globalThis.setTimeout, setInterval: globalThis.setInterval };
  const late: (() => void)[] = [];
  let count = 0;
  let throwing = false;
  for (const name of ['setTimeout', 'setInterval'] as const) {
    const set: (callback: () => void, ms?: number) => NodeJS.Timeout = real[name];
    (globalThis as unknown as Record<string, unknown>)[name] = (callback: () => void, ms?: number): NodeJS.Timeout => {
      if (!/src\/(lives|ingest|ledger)\//.test(new Error().stack ?? '')) return set(callback, ms);
      count += 1;
      if (fault?.at !== count) return set(callback, ms);
      return set(
        () => {
          if (fault.mode === 'never') return;
          if (fault.mode === 'late') return void late.push(callback);
          throwing = true;
          try {
            callback();
          } finally {
            throwing = false;
          }
        },
        Math.min(ms ?? 0, WINDOW_MS),
      );
    };
  }
  let broadcast: Broadcast | null = null;
  try {
    const now = (): number => {
      if (throwing) throw new Error('made up: a bug in a timer');
      return broadcast?.nowMs ?? BEGAN;
    };
    const lives = [liveRecord(1, { reconnectWindowMs: WINDOW_MS }), liveRecord(2)];
    broadcast = new Broadcast(directory, BEGAN, { now });
    await broadcast.lives.start({ lives, replays: [] }, []);
    await broadcast.lives.loaded;
    const other = await broadcast.publish(lives[1].streamKey);
    other.send(1);
    let publisher = await broadcast.publish(lives[0].streamKey);
    publisher.send(1);
    publisher.end('disconnected');
    await publisher.ask(lives[0].streamKey);
    const { sessionId } = publisher;
    await sleep(2 * WINDOW_MS);
    for (const callback of late.splice(0)) callback();
    assert.equal(broadcast.newest().get(sessionId)?.state, 'open', 'what was resumed goes on');
    publisher.send(1);
    publisher.end('disconnected');
    await sleep(3 * WINDOW_MS);
    // Whether the window ended it or not, the key is free, and nothing that comes late ends what follows.
    publisher = await broadcast.publish(lives[0].streamKey);
    publisher.send(1);
    for (const callback of late.splice(0)) callback();
    assert.equal(broadcast.newest().get(publisher.sessionId)?.state, 'open', 'what is on air goes on');
    publisher.end();
    other.send(1);
    other.end();
    for (const callback of late.splice(0)) callback();
    assert.equal(broadcast.lives.count().onAir, 0);
    for (const { state } of broadcast.newest().values()) assert.equal(state, 'ended');
    const ended = broadcast.facts.filter(({ state }) => state === 'ended').map((fact) => fact.sessionId);
    assert.equal(new Set(ended).size, ended.length, 'each ends once');
    return count;
  } finally {
    Object.assign(globalThis, real);
    await broadcast?.lives.close();
    rmSync(directory, { recursive: true });
  }
}

test('the timers of lives: each throws, never comes, or comes late, and no session is the worse for it', async (t) => {
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  process.on('uncaughtException', note);
  t.after(() => process.off('uncaughtException', note));
  const timers = await play(null);
  let cases = 0;
  for (const mode of ['throws', 'never', 'late'] as const) {
    for (let at = 1; at <= timers; at += 1) {
      await play({ mode, at }).catch((error: unknown) => {
        throw new Error(`timer ${at} ${mode}: ${(error as Error).message}`, { cause: error });
      });
      cases += 1;
    }
  }
  t.diagnostic(`${timers} timers, ${cases} cases`);
  assert.deepEqual(uncaught, []);
  assert.ok(cases >= 9, `${cases} cases`);
});
