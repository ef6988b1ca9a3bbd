import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { insertAttempts, listAttempts } from '../../src/database/attempts.ts';
import { AttemptWriter } from '../../src/lives/attempt-writer.ts';
import { RestartSchedule } from '../../src/lives/restart-schedule.ts';
import { BEGAN, Broadcast, liveRecord } from '../support/broadcast.ts';
import type { TestPublisher } from '../support/broadcast.ts';
import { eachTimerFault } from '../support/each-timer-fault.ts';
import { IN_MEMORY } from '../support/faulty-files.ts';
import { tripping } from '../support/faulty-timers.ts';
import type { TimerPlay } from '../support/faulty-timers.ts';
import { withDatabase } from '../support/postgres.ts';
import { makeLives } from '../support/session-facts.ts';

const FILES = { 'lives/restart-queue.ts': 10, 'lives/restart-schedule.ts': 10, 'lives/attempt-writer.ts': 10 };
const LIVE = liveRecord();
const DAY_MS = 86_400_000;
const KEEP = { ofLive: 1000, ofNobody: 1000 };

test('the timers of restarts and of attempts: each throws, never comes, or comes late, and the next restart is made', async (t) => {
  const database = await withDatabase(t);
  await makeLives(database, 1);

  /** The restarts of three days, and one that is asked for; each time the encoder comes back. */
  const play = async (timers: TimerPlay): Promise<void> => {
    const directory = mkdtempSync(join(IN_MEMORY, 'reprise-restarts-timers-'));
    let broadcast: Broadcast | null = null;
    let days = 0;
    const now = tripping(() => (broadcast?.nowMs ?? BEGAN) + days * DAY_MS);
    const sessions: string[] = [];
    const kept = async (): Promise<number> =>
      (await listAttempts(database, LIVE.videoUuid)).filter(({ sessionId }) => sessions.includes(sessionId ?? '')).length;
    let writer: AttemptWriter | null = null;
    broadcast = new Broadcast(directory, BEGAN, { now, attempted: (attempt) => writer?.add(attempt) });
    const { lives, diary } = broadcast;
    writer = new AttemptWriter({
      write: tripping((attempts) =>
        database.transaction((client) => insertAttempts(client, attempts, KEEP), { idempotent: true }),
      ),
      log: diary.log,
      delayMs: 10,
    });
    await lives.start({ lives: [LIVE], replays: [] }, []);
    await lives.loaded;
    const rule = { hour: 11, minute: 58, timeZone: 'UTC' };
    let schedule: RestartSchedule | null = null;
    try {
      const failed = (): number => diary.of('live could not be restarted').length + diary.of('the daily restart failed').length;
      for (let restart = 0; restart < 4; restart += 1) {
        const publisher: TestPublisher = await broadcast.publish(LIVE.streamKey);
        sessions.push(publisher.sessionId);
        publisher.send(1);
        const before = failed();
        // Its first look is one that finds it due.
        schedule ??= new RestartSchedule({ rule, overMs: 0, restarts: lives.restarts, log: diary.log, now });
        if (restart < 3) days += 1;
        else lives.restarts.plan({ videoUuids: [LIVE.videoUuid] }, 0);
        const isOver = (): boolean => publisher.closedWith.length > 0;
        // A bug costs the one restart that it is in, at the most.
        const isLost = (): boolean => failed() > before && (schedule?.dueAt ?? 0) > BEGAN + days * DAY_MS;
        await timers.until('it is restarted', () => isOver() || isLost());
        if (!isOver()) publisher.end();
        assert.deepEqual(publisher.closedWith, isOver() ? ['restart_asked'] : []);
      }
      timers.comeLate();
      const last = await broadcast.publish(LIVE.streamKey);
      sessions.push(last.sessionId);
      last.send(1);
      timers.comeLate();
      assert.equal(broadcast.newest().get(last.sessionId)?.state, 'open', 'what comes late restarts nothing that came after it');
      last.end();
    } finally {
      schedule?.close();
      await lives.close();
      await writer.close();
      timers.comeLate();
      rmSync(directory, { recursive: true });
    }
    const lost = diary.of('attempts could not be written').reduce((sum, { attempts }) => sum + (attempts as number), 0);
    assert.equal((await kept()) + lost, sessions.length, 'attempts are there, or said to be lost');
    const ended = broadcast.facts.filter(({ state }) => state === 'ended').map(({ sessionId }) => sessionId);
    assert.deepEqual(ended, sessions, 'each ends once');
  };

  const cases = await eachTimerFault(t, FILES, play, 3);
  for (const file of Object.keys(FILES)) assert.ok((cases.get(file) ?? 0) >= 3, `${file}: ${cases.get(file)} cases`);
});
