import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import pg from 'pg';
import { Database } from '../../src/database/database.ts';
import { DirectoryListener } from '../../src/database/directory-listener.ts';
import { DirectorySnapshot, readDirectorySnapshot } from '../../src/database/directory-snapshot.ts';
import { loadDirectory, readDirectoryOf } from '../../src/database/directory.ts';
import type { DirectoryRecords, LiveRecord } from '../../src/database/directory.ts';
import { createLog } from '../../src/log.ts';
import { eachTimerFault } from '../support/each-timer-fault.ts';
import { IN_MEMORY } from '../support/faulty-files.ts';
import { tripping } from '../support/faulty-timers.ts';
import type { TimerPlay } from '../support/faulty-timers.ts';
import { LogDiary } from '../support/log-diary.ts';
import { cloneDatabase } from '../support/postgres.ts';
import { liveUuid, makeLives } from '../support/session-facts.ts';

const AT_ONCE = 4;
const ANSWER_WITHIN_MS = 10_000;
const FILES = {
  // An answer has all its time, unless the story wants to know that there is none.
  'database/directory-listener.ts': (ms: number, { isHurried }: TimerPlay) =>
    ms === ANSWER_WITHIN_MS && !isHurried ? ms : 20 + ms / 200,
  'database/directory-snapshot.ts': 10,
};

test('the timers that keep the directory: each throws, never comes, or comes late, and what is changed is known and kept', async (t) => {
  const made: Awaited<ReturnType<typeof cloneDatabase>>[] = [];
  for (let n = 0; n < AT_ONCE; n += 1) {
    const connection = await cloneDatabase();
    const admin = await Database.open({ connection: { ...connection }, log: createLog('silent') });
    await makeLives(admin, 1);
    await admin.close();
    made.push(connection);
  }

  let changes = 0;
  /** A live is changed, the connection is lost, then falls silent, and it is changed each time; the snapshot follows. */
  const play = async (timers: TimerPlay): Promise<void> => {
    const directory = mkdtempSync(join(IN_MEMORY, 'reprise-directory-timers-'));
    const file = join(directory, 'directory.json');
    const diary = new LogDiary();
    const { log } = diary;
    const question = { isHeard: true, asked: 0 };
    const connection = made.pop();
    assert.ok(connection !== undefined);
    const Client = deafClients(question);
    const database = await Database.open({ connection: { ...connection, Client }, log: createLog('silent') });
    const admin = await Database.open({ connection: { ...connection }, log: createLog('silent') });
    let lives: readonly LiveRecord[] = [];
    let listens = 0;
    const snapshot = new DirectorySnapshot({ file, read: tripping(() => ({ lives, replays: [] })), log });
    // One read after the other, as the keeper of the directory does: an older one never comes last. Resolves also behind the listener's close.
    let reading: Promise<unknown> = Promise.resolve();
    const take = (read: () => Promise<DirectoryRecords>): Promise<void> => {
      const taken = reading.then(read).then((records) => {
        lives = records.lives;
        snapshot.changed();
      });
      reading = taken.catch(() => undefined);
      return taken;
    };
    const listener = new DirectoryListener({
      database,
      log,
      listening: () => take(() => loadDirectory(database)).then(() => void (listens += 1)),
      changed: tripping((videos) => take(() => readDirectoryOf(database, [...videos.keys()]))),
    });
    const change = async (): Promise<string> => {
      const name = `Name ${(changes += 1)}`;
      await admin.query('update videos set name = $1 where uuid = $2', [name, liveUuid(1)]);
      return name;
    };
    const isKnown = async (what: string): Promise<void> => {
      const name = await change();
      await timers.until(what, () => lives[0]?.name === name);
    };
    try {
      listener.start();
      await timers.until('it listens', () => listens > 0);
      await isKnown('the change is known');
      let before = listens;
      await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`);
      await timers.until('it listens again', () => listens > before);
      await isKnown('the next change is known');
      before = listens;
      question.isHeard = false;
      timers.isHurried = true;
      await timers.until('it is found out that nobody answers', () => listens > before);
      question.isHeard = true;
      timers.isHurried = false;
      await isKnown('the last change is known');
      question.isHeard = false;
      const { asked } = question;
      await timers.until('it is closed while it asks', () => question.asked > asked);
    } finally {
      await listener.close();
      await reading;
      await snapshot.close();
      timers.comeLate();
      await Promise.all([database.close(), admin.close()]);
      made.push(connection);
    }
    const kept = await readDirectorySnapshot(file, log);
    assert.equal(kept?.lives[0].name, lives[0].name, 'what is known is kept');
    rmSync(directory, { recursive: true });
  };

  const cases = await eachTimerFault(t, FILES, play, AT_ONCE);
  for (const each of Object.keys(FILES)) assert.ok((cases.get(each) ?? 0) >= 3, `${each}: ${cases.get(each)} cases`);
});

/** Clients on whose connection the question whether it is alive is lost, while it is not heard. */
function deafClients(question: { isHeard: boolean; asked: number }): new (config?: pg.ClientConfig) => pg.Client {
  return class extends pg.Client {
    // All of pg's signatures end here; the question uses the one that gives a promise.
    override query(...args: unknown[]): never {
      const isQuestion = args[0] === 'select 1';
      const ask = (): unknown => Reflect.apply(super.query.bind(this), null, args);
      if (!isQuestion) return ask() as never;
      question.asked += 1;
      return tripping(() => (question.isHeard ? ask() : new Promise(() => {})))() as never;
    }
  };
}
