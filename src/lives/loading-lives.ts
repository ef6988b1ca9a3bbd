import type { LiveRecord } from '../database/directory.ts';

interface Entry {
  record: LiveRecord;
  key: string;
  readonly sessionIds: readonly string[];
  readonly load: (record: LiveRecord) => Promise<void>;
  readonly loaded: Promise<void>;
  readonly done: () => void;
}

/** The lives that a start has still to load: each on its own, some at once, and those first that somebody waits for. */
export class LoadingLives {
  readonly #entries = new Map<string, Entry>();
  readonly #uuidByKey = new Map<string, string>();
  readonly #uuidBySession = new Map<string, string>();
  /** Those that nobody has begun to load, by UUID. */
  #queue: string[] = [];
  #closed = false;
  #run: Promise<void> = Promise.resolve();

  get size(): number {
    return this.#entries.size;
  }

  /** Their records as they were put last. */
  records(): LiveRecord[] {
    return Array.from(this.#entries.values(), ({ record }) => record);
  }

  record(videoUuid: string): LiveRecord | null {
    return this.#entries.get(videoUuid)?.record ?? null;
  }

  /** `key` finds it for its publisher, `sessionIds` for players; `load` gets the record as it is then, and must not reject. */
  add(record: LiveRecord, key: string, sessionIds: readonly string[], load: Entry['load']): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#entries.set(record.videoUuid, { record, key, sessionIds, load, loaded: promise, done: resolve });
    this.#uuidByKey.set(key, record.videoUuid);
    for (const sessionId of sessionIds) this.#uuidBySession.set(sessionId, record.videoUuid);
    this.#queue.push(record.videoUuid);
  }

  /** Its settings were changed. */
  put(record: LiveRecord, key: string): void {
    const entry = this.#entries.get(record.videoUuid);
    if (entry === undefined) return;
    this.#uuidByKey.delete(entry.key);
    this.#uuidByKey.set(key, record.videoUuid);
    entry.record = record;
    entry.key = key;
  }

  /** Resolves when the live is loaded, which comes next; null when there is nothing to wait for. */
  waitFor(videoUuid: string): Promise<void> | null {
    const entry = this.#entries.get(videoUuid);
    if (entry === undefined) return null;
    const at = this.#queue.indexOf(videoUuid);
    if (at > 0) this.#queue.unshift(...this.#queue.splice(at, 1));
    return entry.loaded;
  }

  waitForKey(key: string): Promise<void> | null {
    const uuid = this.#uuidByKey.get(key);
    return uuid === undefined ? null : this.waitFor(uuid);
  }

  waitForSession(sessionId: string): Promise<void> | null {
    const uuid = this.#uuidBySession.get(sessionId);
    return uuid === undefined ? null : this.waitFor(uuid);
  }

  /** Loads all, so many at once; resolves when that is done, or it was closed. */
  run(atOnce: number): Promise<void> {
    this.#run = Promise.all(Array.from({ length: atOnce }, () => this.#work())).then(() => undefined);
    return this.#run;
  }

  /** No more are loaded; resolves when those under way are, and whoever waits is told. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#run;
    for (const videoUuid of [...this.#entries.keys()]) this.#forget(videoUuid);
  }

  async #work(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined && !this.#closed; next = this.#queue.shift()) {
      const entry = this.#entries.get(next);
      try {
        if (entry !== undefined) await entry.load(entry.record);
      } finally {
        this.#forget(next);
      }
    }
  }

  #forget(videoUuid: string): void {
    const entry = this.#entries.get(videoUuid);
    if (entry === undefined) return;
    this.#entries.delete(videoUuid);
    if (this.#uuidByKey.get(entry.key) === videoUuid) this.#uuidByKey.delete(entry.key);
    for (const sessionId of entry.sessionIds) this.#uuidBySession.delete(sessionId);
    entry.done();
  }
}
