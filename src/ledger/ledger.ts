import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { backOffMs } from './back-off.ts';
import { Bell } from './bell.ts';
import { FactFile } from './fact-file.ts';
import { Follower } from './follower.ts';
import type { Entry, FileContent, Line } from './fact-file.ts';
import type { SessionFact } from './session-fact.ts';
import type { Logger } from '../log.ts';

export interface LedgerOptions {
  /** Its own directory, such as `<data>/ledger`; made when missing. One process at a time. */
  readonly directory: string;
  /** Writes facts to the database, all or none; must be idempotent by session and revision. The signal aborts when the ledger closes. */
  readonly apply: (facts: readonly SessionFact[], signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
  /** True for an error that will come again with the same facts, however often they are tried. */
  readonly isPoison?: (error: unknown) => boolean;
  readonly batchFacts?: number;
  readonly compactAtBytes?: number;
}

/**
 * The local, durable list of session facts that the database follows. `append` never waits for the database and never fails: while the disk
 * refuses, facts are kept in memory and `degraded` is true. The newest fact of a session stands for all of it, so older ones may be dropped.
 */
export class Ledger {
  static async open(options: LedgerOptions): Promise<Ledger> {
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    const { file, content } = await FactFile.open(path.join(options.directory, 'facts.log'));
    const ledger = new Ledger(options, file, content);
    ledger.#written.ring(); // compacts, if there is something to drop
    ledger.#loops = Promise.all([ledger.#writeLoop(), ledger.#follower.run(ledger.#closing.signal)]);
    return ledger;
  }

  readonly #options: LedgerOptions;
  readonly #log: Logger;
  readonly #file: FactFile;
  readonly #closing = new AbortController();
  readonly #written = new Bell(); // something is there to write
  readonly #follower: Follower;
  readonly #drainedWaiters = new Set<() => void>();
  /** Newest fact of every session that is open, or not applied. */
  readonly #newest = new Map<string, Entry>();
  #queue: Entry[] = []; // not applied, in order
  #unwritten: { entry: Entry; resolve: () => void }[] = [];
  #lastNumber: number;
  #durable: number;
  #applied: number;
  #appliedOnDisk: number;
  #linesOnDisk: number;
  #degraded = false;
  /** Not compacted below this length of the file, for it failed before. */
  #compactAt = 0;
  #loops: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | null = null;

  private constructor(options: LedgerOptions, file: FactFile, { entries, applied, damaged, tornBytes }: FileContent) {
    this.#options = options;
    this.#log = options.log.child({ room: 'ledger' });
    this.#file = file;
    this.#follower = new Follower({
      ...options,
      log: this.#log,
      rejectedFile: path.join(options.directory, 'rejected.log'),
      isHurried: () => this.#drainedWaiters.size > 0 || this.#degraded,
      next: (count) => this.#nextFacts(count),
      done: (entries) => this.#advance(entries),
    });
    this.#applied = applied;
    this.#appliedOnDisk = applied;
    this.#linesOnDisk = entries.length;
    this.#lastNumber = entries.reduce((last, { number }) => Math.max(last, number), applied);
    this.#durable = this.#lastNumber;
    for (const entry of entries) this.#remember(entry);
    this.#queue = entries.filter(({ number }) => number > applied);
    if (tornBytes > 0) this.#log.warn({ tornBytes }, 'the last line was never finished: cut off');
    for (const line of damaged) this.#log.error({ line }, 'a line is damaged: left out');
    if (this.#queue.length > 0) this.#log.info({ facts: this.#queue.length }, 'facts of an earlier run go to the database now');
  }

  /** Keeps the fact. Resolves when it is on disk (together with all that came meanwhile); never rejects. Not settled if the ledger closes first. */
  append(fact: SessionFact): Promise<void> {
    if (this.#closing.signal.aborted) {
      this.#log.error({ fact }, 'a fact came after the ledger was closed');
      return Promise.resolve();
    }
    const entry = { number: (this.#lastNumber += 1), fact };
    this.#remember(entry);
    this.#queue.push(entry);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#unwritten.push({ entry, resolve });
    this.#written.ring();
    if (this.#degraded) this.#follower.wake();
    return promise;
  }

  /** The database may be there again: facts that wait are tried now. */
  wake(): void {
    this.#follower.wake();
  }

  /** The newest fact of each session that has not ended, or whose end the database does not have yet: what was going on, without asking it. */
  sessions(): SessionFact[] {
    return Array.from(this.#newest.values(), ({ fact }) => fact);
  }

  /** Facts that the database does not have yet. */
  get pending(): number {
    return this.#queue.length;
  }

  /** True while the disk refuses to be written. */
  get degraded(): boolean {
    return this.#degraded;
  }

  /** Resolves true once all facts are on disk and in the database (or set aside); false when that takes longer than `withinMs`, or the ledger closes. */
  async drained(withinMs = 10_000): Promise<boolean> {
    if (this.#isDrained()) return true;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#drainedWaiters.add(resolve);
    this.#follower.hurry();
    const timer = setTimeout(resolve, withinMs);
    await promise;
    clearTimeout(timer);
    this.#drainedWaiters.delete(resolve);
    return this.#isDrained();
  }

  /** Puts what it has on disk and stops; what is not applied is applied at the next start. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    this.#follower.wake();
    this.#follower.hurry();
    this.#written.ring();
    await this.#loops;
    // Nothing is applied any more: nobody is to wait for it.
    for (const resolve of this.#drainedWaiters) resolve();
    try {
      if (this.#unwritten.length > 0 || this.#appliedOnDisk < this.#applied) await this.#writeOnce();
    } catch (error) {
      this.#log.error(
        { err: error, facts: this.#unwritten.map(({ entry }) => entry.fact) },
        'closed with facts that are not on disk',
      );
    }
    // What is synced is there, whatever a close says.
    await this.#file.close().catch((error: unknown) => this.#log.error({ err: error }, 'the file could not be closed in order'));
  }

  #remember(entry: Entry): void {
    const { sessionId, revision, state } = entry.fact;
    const known = this.#newest.get(sessionId);
    if (known !== undefined && known.fact.revision > revision) return;
    if (state === 'ended' && entry.number <= this.#applied) this.#newest.delete(sessionId);
    else this.#newest.set(sessionId, entry);
  }

  async #writeLoop(): Promise<void> {
    let failures = 0;
    while (!this.#closing.signal.aborted) {
      // While it refuses, the disk is tried also when there is nothing new: else it would count as refusing until the next fact.
      if (this.#unwritten.length === 0 && !this.#degraded && !this.#shouldCompact()) {
        await this.#written.wait();
        continue;
      }
      try {
        await this.#writeOnce();
        if (this.#degraded) this.#log.info('the disk takes facts again');
        this.#degraded = false;
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#degraded = true;
        this.#follower.hurry(); // the database is the safest place now
        this.#log.error(
          { err: error, facts: this.#unwritten.length, failures },
          'the disk refuses facts; they are kept in memory',
        );
        await sleep(backOffMs(failures), undefined, { signal: this.#closing.signal }).catch(() => undefined);
      }
      this.#follower.wake();
      this.#tellDrained();
    }
  }

  /** One write and one sync for all that has come since the last. */
  async #writeOnce(): Promise<void> {
    const batch = this.#unwritten;
    const count = batch.length;
    const applied = this.#applied;
    if (this.#shouldCompact()) {
      const kept = [...this.#newest.values()].sort((a, b) => a.number - b.number);
      const dropped = this.#linesOnDisk + count - kept.length;
      this.#compactAt = 2 * this.#file.bytes; // should it fail, it is not tried again at once
      await this.#file.replace([{ applied }, ...kept]);
      this.#compactAt = 0;
      this.#linesOnDisk = kept.length;
      this.#queue = this.#queue.filter(
        (entry) => entry.number > (kept.at(-1)?.number ?? 0) || this.#newest.get(entry.fact.sessionId) === entry,
      );
      this.#log.debug({ dropped, kept: kept.length }, 'compacted');
    } else {
      const lines: Line[] = batch.map(({ entry }) => entry);
      if (applied > this.#appliedOnDisk) lines.push({ applied });
      await this.#file.append(lines);
      this.#linesOnDisk += count;
    }
    this.#appliedOnDisk = applied;
    for (const { entry, resolve } of batch.splice(0, count)) {
      this.#durable = entry.number;
      resolve();
    }
  }

  #shouldCompact(): boolean {
    const droppable = this.#linesOnDisk - this.#newest.size;
    const { compactAtBytes = 1024 * 1024 } = this.#options;
    return droppable > this.#newest.size && this.#file.bytes > Math.max(compactAtBytes, this.#compactAt) && !this.#degraded;
  }

  /** What may go to the database: what is on disk; and when the disk refuses, the database is the safest place. */
  #nextFacts(count: number): Entry[] {
    const entries = this.#queue.slice(0, count);
    return this.#degraded ? entries : entries.filter(({ number }) => number <= this.#durable);
  }

  #advance(batch: readonly Entry[]): void {
    this.#applied = batch[batch.length - 1].number;
    this.#queue = this.#queue.filter(({ number }) => number > this.#applied);
    for (const entry of batch) {
      if (entry.fact.state === 'ended' && this.#newest.get(entry.fact.sessionId) === entry)
        this.#newest.delete(entry.fact.sessionId);
    }
    if (this.#shouldCompact()) this.#written.ring();
    this.#tellDrained();
  }

  #isDrained(): boolean {
    return this.#queue.length === 0 && this.#unwritten.length === 0;
  }

  #tellDrained(): void {
    if (this.#isDrained()) for (const resolve of this.#drainedWaiters) resolve();
  }
}
