import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Refused } from '../../src/errors.ts';
import { BEGAN, Broadcast, liveRecord } from '../support/broadcast.ts';
import type { TestPublisher } from '../support/broadcast.ts';
import { eachTimerFault } from '../support/each-timer-fault.ts';
import { FaultyDisk, FaultyFiles, IN_MEMORY } from '../support/faulty-files.ts';
import { tripping } from '../support/faulty-timers.ts';
import type { TimerPlay } from '../support/faulty-timers.ts';

const FILES = { 'lives/live.ts': 20, 'lives/lives.ts': 20, 'lives/holder-read.ts': 5, 'lives/edge-state.ts': 5 };
const LIVES = [liveRecord(1, { reconnectWindowMs: 20 }), liveRecord(2)];

test('the timers of lives while publishers come, go and take over, and a disk refuses: each throws, never comes, or comes late', async (t) => {
  const files = FaultyFiles.install(t);

  const play = async (timers: TimerPlay): Promise<void> => {
    const directory = mkdtempSync(join(IN_MEMORY, 'reprise-lives-timers-'));
    const states = new FaultyDisk(join(directory, 'lives'), null);
    files.add(states);
    let broadcast: Broadcast | null = null;
    const now = tripping(() => broadcast?.nowMs ?? BEGAN);
    broadcast = new Broadcast(directory, BEGAN, { now });
    const { lives } = broadcast;
    const stateOf = ({ sessionId }: TestPublisher): string | undefined => broadcast.newest().get(sessionId)?.state;
    try {
      await lives.start({ lives: LIVES, replays: [] }, []);
      await lives.loaded;
      const other = await broadcast.publish(LIVES[1].streamKey);
      other.send(1);
      const first = await broadcast.publish(LIVES[0].streamKey);
      first.send(1);
      first.end('disconnected');
      // One that is never over is gone on with, or ended, by who publishes next.
      await timers.until('its window is over', () => stateOf(first) === 'ended');

      // A newcomer waits for the holder to be read: by that sleep alone, and nobody else waits with it.
      const holder = await broadcast.publish(LIVES[0].streamKey);
      holder.send(1);
      let newcomer: TestPublisher | null = null;
      let refused: unknown = null;
      const ask = (): void => {
        broadcast.publish(LIVES[0].streamKey).then(
          (publisher) => (newcomer = publisher),
          (error: unknown) => (refused = error),
        );
      };
      ask();
      await timers.until('it is answered', () => newcomer !== null || refused !== null);
      if (refused !== null) {
        assert.ok(refused instanceof Refused && refused.code === 'internal_error', 'as a refusal');
        assert.equal(lives.attempts.counts.get('internal_error'), 1);
        ask();
        await timers.until('it comes back', () => newcomer !== null);
      }
      const onAir: TestPublisher = newcomer ?? holder;
      onAir.send(1);
      assert.equal(stateOf(onAir), 'open');

      mkdirSync(states.directory, { recursive: true });
      states.fault = { kind: 'EIO', at: states.operations.length + 1, lasting: true };
      other.end();
      await timers.until('the disk refuses', () => states.struck > 0);
      await states.quiet();
      states.heal();
      await timers.until('its place is kept', () => placeOf(states.directory, 1) !== null);
      timers.comeLate();
      assert.equal(stateOf(onAir), 'open', 'what is on air goes on');
      onAir.end();
      assert.equal(lives.count().onAir, 0);
      const next = await broadcast.publish(LIVES[1].streamKey);
      next.send(1);
      next.end();
    } finally {
      await lives.close();
      timers.comeLate();
      files.remove(states);
    }
    for (const n of [0, 1])
      assert.equal(
        placeOf(states.directory, n),
        lives.playback(LIVES[n].videoUuid)?.kind === 'live'
          ? broadcast.edge(LIVES[n].videoUuid).timeline.end.mediaSequence
          : null,
        'the place of a playlist',
      );
    rmSync(directory, { recursive: true });
    const ended = broadcast.facts.filter(({ state }) => state === 'ended').map(({ sessionId }) => sessionId);
    assert.equal(new Set(ended).size, ended.length, 'each ends once');
    for (const { state } of broadcast.newest().values()) assert.equal(state, 'ended');
  };

  const cases = await eachTimerFault(t, FILES, play, 3);
  for (const file of Object.keys(FILES)) assert.ok((cases.get(file) ?? 0) >= 2, `${file}: ${cases.get(file)} cases`);
});

function placeOf(directory: string, n: number): number | null {
  try {
    return (JSON.parse(readFileSync(join(directory, `${LIVES[n].videoUuid}.json`), 'utf8')) as { mediaSequence: number })
      .mediaSequence;
  } catch {
    return null; // not there, or not written yet
  }
}
