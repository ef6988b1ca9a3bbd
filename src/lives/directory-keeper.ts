import type { Database } from '../database/database.ts';
import { loadDirectory, readDirectoryOf } from '../database/directory.ts';
import type { DirectoryRecords } from '../database/directory.ts';
import type { Logger } from '../log.ts';
import type { Lives } from './lives.ts';

/** Keeps the lives in memory as the database has them, when something else than our own API changes them. */
export class DirectoryKeeper {
  readonly #database: Database;
  readonly #lives: Lives;
  readonly #log: Logger;
  /** What others put or removed while the database was being read: newer than what is read, and told once more by its own commit. */
  #touched: Set<string> | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor({ database, lives, log }: { database: Database; lives: Lives; log: Logger }) {
    this.#database = database;
    this.#lives = lives;
    this.#log = log;
  }

  /** Somebody put or removed this. */
  noted(videoUuid: string): void {
    this.#touched?.add(videoUuid);
  }

  /**
   * Reads everything anew. What is missing there stays: it may be an older backup, or another database. With `removing`, lives that are missing
   * are removed, as a start with the database would, unless all of them are missing.
   */
  reread({ removing }: { removing: boolean }): Promise<void> {
    return this.#inTurn(async () => {
      const known = this.#lives.directory();
      const { records, touched } = await this.#read(() => loadDirectory(this.#database));
      this.#put(records, touched);
      const there = new Set([...records.lives, ...records.replays].map(({ videoUuid }) => videoUuid));
      const isMissing = ({ videoUuid }: { videoUuid: string }): boolean => !there.has(videoUuid) && !touched.has(videoUuid);
      const lives = known.lives.filter(isMissing);
      const replays = known.replays.filter(isMissing);
      const remove = removing && lives.length < known.lives.length;
      for (const { videoUuid } of remove ? lives : []) await this.#removeLive(videoUuid);
      const left = { lives: remove ? 0 : lives.length, replays: replays.length };
      if (left.lives + left.replays > 0)
        this.#log.warn(
          { missing: left },
          'the database does not have everything that is known here: it stays until the next start',
        );
    });
  }

  /** Reads these videos anew; those whose rows were deleted, and are not there, are gone with their recordings. */
  changed(videos: ReadonlyMap<string, boolean>): Promise<void> {
    return this.#inTurn(async () => {
      let uuids = [...videos.keys()];
      while (uuids.length > 0) {
        const asked = uuids;
        const { records, touched } = await this.#read(() => readDirectoryOf(this.#database, asked));
        this.#put(records, touched);
        const there = new Set([...records.lives, ...records.replays].map(({ videoUuid }) => videoUuid));
        for (const uuid of asked)
          if (!there.has(uuid) && !touched.has(uuid)) await this.#missing(uuid, videos.get(uuid) === true);
        uuids = asked.filter((uuid) => touched.has(uuid));
      }
    });
  }

  async #missing(videoUuid: string, deleted: boolean): Promise<void> {
    const replay = this.#lives.replayRecord(videoUuid);
    if (deleted && this.#lives.liveRecord(videoUuid) !== null) return this.#removeLive(videoUuid);
    if (replay === null) return;
    if (!deleted) {
      this.#log.warn({ video: videoUuid }, 'a video is no replay any more, but was not deleted: its recording stays');
      return;
    }
    await this.#lives.removeReplay(replay);
    this.#log.info({ video: videoUuid }, 'replay deleted elsewhere');
  }

  async #removeLive(videoUuid: string): Promise<void> {
    await this.#lives.remove(videoUuid);
    this.#log.info({ live: videoUuid }, 'live deleted elsewhere');
  }

  #put({ lives, replays }: DirectoryRecords, touched: ReadonlySet<string>): void {
    for (const live of lives) {
      if (!touched.has(live.videoUuid) && !isSame(live, this.#lives.liveRecord(live.videoUuid))) this.#lives.put(live);
    }
    for (const replay of replays) {
      if (!touched.has(replay.videoUuid) && !isSame(replay, this.#lives.replayRecord(replay.videoUuid)))
        this.#lives.putReplay(replay);
    }
  }

  async #read(read: () => Promise<DirectoryRecords>): Promise<{ records: DirectoryRecords; touched: ReadonlySet<string> }> {
    const touched = new Set<string>();
    this.#touched = touched;
    try {
      return { records: await read(), touched };
    } finally {
      this.#touched = null;
    }
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

function isSame(a: object, b: object | null): boolean {
  return b !== null && Object.entries(a).every(([name, value]) => (b as Record<string, unknown>)[name] === value);
}
