import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SessionFact } from '../../src/ledger/session-fact.ts';
import { parseFragmentHeader } from '../../src/mp4/fragment-reader.ts';
import { BlockPool } from '../../src/packager/block-pool.ts';
import { META_FILE, volumeFile } from '../../src/recording/layout.ts';
import { readStoredRecording, recordedTotals, replayTimeline } from '../../src/recording/stored-recording.ts';
import type { StoredRecording } from '../../src/recording/stored-recording.ts';
import { BEGAN, Broadcast, liveRecord } from '../support/broadcast.ts';
import type { TestPublisher } from '../support/broadcast.ts';
import { canFail, FaultyDisk, FaultyFiles, IN_MEMORY, openBelow } from '../support/faulty-files.ts';
import type { FileFault, FileFaultKind, FileOperation } from '../support/faulty-files.ts';
import { readFlv } from '../support/flv.ts';
import { eachOf, until } from '../support/until.ts';
import { ViewerMemory } from '../support/viewer-memory.ts';

const LIVE = liveRecord(1, { dvrWindowS: 60 });
const { videoConfig: OTHER_PICTURE } = readFlv(
  new URL('../fixtures/h264-baseline-cropped-wide-pixels-only.flv', import.meta.url),
);
/** Stories told at once: each waits for its files most of the time. */
const AT_ONCE = 6;
/** Said of what nobody planned. */
const BUGS = ['live failed', 'publisher could not be admitted'];

/** One live over two processes: sessions of every kind, with real files, and what must be true whatever its disk does. */
class Story {
  readonly directory = mkdtempSync(join(IN_MEMORY, 'reprise-test-faults-'));
  readonly disk: FaultyDisk;
  readonly #files: FaultyFiles;
  readonly facts: SessionFact[] = [];
  readonly viewer = new ViewerMemory();
  readonly #broadcasts: Broadcast[] = [];
  readonly #pools: BlockPool[] = [];
  /** The one whose facts are heard. */
  #alive: Broadcast | null = null;
  #nowMs = BEGAN;

  constructor(files: FaultyFiles, fault: FileFault | null) {
    this.#files = files;
    this.disk = new FaultyDisk(this.directory, fault);
    files.add(this.disk);
  }

  /** A process begins; one whose start fails is started again, as whatever looks after it does. */
  async start(): Promise<Broadcast> {
    for (let tries = 1; ; tries += 1) {
      const broadcast: Broadcast = new Broadcast(this.directory, this.#nowMs, {
        pool: this.#pools[this.#pools.push(new BlockPool()) - 1], // the watched one has its own tests, and takes its time
        writeFact: (fact) => {
          if (broadcast === this.#alive) this.facts.push(structuredClone(fact));
        },
      });
      this.#broadcasts.push(broadcast);
      this.#alive = broadcast;
      try {
        await broadcast.lives.start({ lives: [LIVE], replays: [] }, [...this.#newest().values()]);
        await broadcast.lives.loaded;
        this.viewer.watch(broadcast.edge(LIVE.videoUuid));
        return broadcast;
      } catch (error) {
        assert.ok(tries < 3, `does not start: ${String(error)}`);
        if (tries === 2) this.disk.heal();
      }
    }
  }

  /** One step, and all that follows from it; a disk that began to fail in the one before is well again after. */
  async step<T>(action: () => T | Promise<T>): Promise<T> {
    const failed = this.disk.struck > 0;
    const result = await action();
    await this.disk.quiet();
    if (failed) await this.#heal();
    return result;
  }

  /** The disk is well again, and has been for the moment in which a recording that it refused is tried anew. */
  async #heal(): Promise<void> {
    if (this.disk.fault === null) return;
    this.disk.heal();
    const { videoUuid } = LIVE;
    const live = this.#alive;
    if (live === null || live.lives.count().recordingsFailing === 0) return;
    const place = join(this.directory, 'lives', `${videoUuid}.json`);
    const next = live.edge(videoUuid).timeline.segments.next;
    await until(
      'the place of the playlist is kept',
      () => (JSON.parse(readFileSync(place, 'utf8')) as { mediaSequence: number }).mediaSequence > next,
      { everyMs: 5 },
    );
    await this.disk.quiet();
  }

  async tell(): Promise<void> {
    const first = await this.step(() => this.start());
    let publisher = await this.step(() => first.publish(LIVE.streamKey));
    await this.step(() => publisher.send(1.3, 200));
    await this.step(() => publisher.end('disconnected'));
    await this.step(() => publisher.ask(LIVE.streamKey));
    await this.step(() => publisher.send(1.3, 200));
    await this.step(() => {
      if (OTHER_PICTURE !== null) publisher.publication.sink.videoConfig(OTHER_PICTURE);
      publisher.send(2.1, 200);
    });
    await this.step(() => publisher.end());
    await this.step(() => this.play(first, publisher));
    publisher = await this.step(() => first.publish(LIVE.streamKey));
    await this.step(() => publisher.send(1.3, 200));
    await this.step(() => publisher.end());
    await this.step(() => this.play(first, publisher));
    publisher = await this.step(() => first.publish(LIVE.streamKey));
    await this.step(() => publisher.send(2.5, 200));

    const second = await this.step(() => this.kill(first));
    await this.step(() => publisher.end()); // of the killed one: nobody hears of it
    publisher = await this.step(() => second.publish(LIVE.streamKey));
    await this.step(() => publisher.send(2.1, 200));
    await this.step(() => publisher.end());
    await this.step(() => this.play(second, publisher));
    assert.equal(second.lives.count().onAir, 0, 'nothing is on air');
    this.#nowMs = second.nowMs;
    await this.step(() => second.lives.close());
  }

  /** As a player of the replay has it read: what fails once is there the next time. */
  async play({ lives }: Broadcast, { sessionId }: TestPublisher): Promise<void> {
    await lives.shelf.settled();
    const stored = await lives.shelf.read(sessionId, true).catch(() => null);
    if (stored !== null) replayTimeline(stored);
  }

  /** What reached the disk is there after. One that refused until then can not have kept where the playlist stood. */
  async kill(former: Broadcast): Promise<Broadcast> {
    if (this.disk.struck > 0) await this.#heal();
    const left = `${this.directory}-left`;
    cpSync(this.directory, left, { recursive: true });
    this.disk.paused = true;
    this.#alive = null;
    this.#nowMs = former.nowMs;
    await former.lives.close();
    rmSync(this.directory, { recursive: true });
    renameSync(left, this.directory);
    this.disk.paused = false;
    return this.start();
  }

  /** With the disk well again: what must be true. */
  async check(): Promise<void> {
    this.disk.heal();
    const third = await this.start();
    const after = await third.publish(LIVE.streamKey);
    after.send(1.3, 200);
    after.end();
    await third.lives.shelf.settled();
    const inOrder = this.facts.toSorted((a, b) => a.revision - b.revision);
    for (const facts of Map.groupBy(inOrder, (fact) => fact.sessionId).values()) checkFacts(facts);
    assert.deepEqual([...this.viewer.faults], []);
    for (const [sessionId, fact] of this.#newest()) await this.#checkRecording(third, sessionId, fact);
    await third.lives.close();
    await this.disk.quiet();
    for (const { diary, lives } of this.#broadcasts) {
      await lives.close();
      assert.deepEqual(
        diary.lines.filter(({ msg }) => BUGS.includes(msg)),
        [],
      );
    }
    for (const pool of this.#pools) assert.equal(pool.bytesInUse, 0, 'all memory has come back');
    assert.deepEqual(openBelow(this.directory), [], 'files are open');
  }

  close(): void {
    this.#files.remove(this.disk);
    rmSync(this.directory, { recursive: true, force: true });
  }

  #newest(): Map<string, SessionFact> {
    return new Map(this.facts.toSorted((a, b) => a.revision - b.revision).map((fact) => [fact.sessionId, fact]));
  }

  async #checkRecording({ lives }: Broadcast, sessionId: string, fact: SessionFact): Promise<void> {
    const told = { bytes: fact.recordedBytes, ms: fact.recordedMs };
    const directory = join(this.directory, 'recordings', sessionId);
    if (!existsSync(join(directory, META_FILE))) return assert.deepEqual(told, { bytes: 0, ms: 0 }, 'there is no recording');
    const stored = await lives.shelf.read(sessionId, true);
    checkVolumes(stored);
    assert.deepEqual(await readStoredRecording(directory), stored);
    const { bytes, ms } = recordedTotals(stored);
    // A disk that could not be read when the session was ended: what was known then is told.
    const unread = this.#broadcasts.some(({ diary }) =>
      diary.of('recording of an open session could not be read').some(({ session }) => session === sessionId),
    );
    if (unread) assert.ok(told.bytes <= bytes && told.ms <= ms);
    else assert.deepEqual(told, { bytes, ms }, 'what is told is what is there');
  }
}

/** Facts of one session, by revision. */
function checkFacts(facts: readonly SessionFact[]): void {
  const told = facts.map(({ state, error }) => (error === null ? state : `${state}, failed`)).join('; ');
  assert.deepEqual(
    facts.map(({ revision }) => revision % 1000), // a start goes on a thousand further
    facts.map((_, i) => i + 1),
    `each revision once: ${told}`,
  );
  const ended = facts.filter(({ state }) => state === 'ended');
  // One whose last bytes failed is told again, with what is really there.
  const again = ended.length === 2 && ended[0].error !== ended[1].error && ended[0].endedAt === ended[1].endedAt;
  assert.ok(ended.length === 1 || again, `ends once: ${told}`);
  assert.ok(facts.at(-1)?.state === 'ended', `and nothing follows: ${told}`);
}

/** Each byte range that a recording names is whole fragments, and begins with a segment. */
function checkVolumes(stored: StoredRecording): void {
  for (const { volume, start, end, duration } of stored.segments) {
    const bytes = readFileSync(join(stored.directory, volumeFile(volume))).subarray(start, end);
    assert.equal(bytes.length, end - start);
    let ticks = 0;
    for (let at = 0; at < bytes.length;) {
      const fragment = parseFragmentHeader(bytes.subarray(at), 0);
      assert.ok(fragment !== null, `no fragment at ${start + at} of volume ${volume}`);
      assert.equal(fragment.segmentStart, at === 0);
      ticks += fragment.tracks[0].duration;
      at += fragment.headerBytes + fragment.payloadBytes;
      assert.ok(at <= bytes.length);
    }
    assert.equal(ticks, duration);
  }
}

/** A lasting fault comes to each operation in one way alone: the one that asks most of it. */
function isTried(operation: FileOperation, kind: FileFaultKind, lasting: boolean): boolean {
  const worst = operation.writes ? 'short' : operation.takesRoom ? 'ENOSPC' : 'EIO';
  return canFail(operation, kind) && (!lasting || kind === worst);
}

/** Tells the story; gives what was done to its files, and whether the fault has happened. */
async function play(files: FaultyFiles, fault: FileFault | null): Promise<{ operations: FileOperation[]; struck: boolean }> {
  const story = new Story(files, fault);
  try {
    await story.tell();
    const operations = [...story.disk.operations];
    const struck = story.disk.struck > 0;
    await story.check();
    return { operations, struck };
  } finally {
    story.close();
  }
}

for (const { name, lasting, kinds, atLeast } of [
  { name: 'each operation failing once', lasting: false, kinds: ['EIO', 'short'], atLeast: 180 },
  {
    name: 'each operation failing, and all after it for a while',
    lasting: true,
    kinds: ['EIO', 'ENOSPC', 'short'],
    atLeast: 160,
  },
] as const) {
  test(`the files of a live over two processes, ${name}: nothing is lost but what the disk refused, nothing leaks`, async (t) => {
    const files = FaultyFiles.install(t);
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    t.after(() => process.off('unhandledRejection', note));
    const { operations } = await play(files, null);
    const faults = kinds.flatMap((kind) =>
      operations.flatMap((operation, i) => (isTried(operation, kind, lasting) ? [{ kind, at: i + 1, lasting }] : [])),
    );
    const wrong: string[] = [];
    let cases = 0;
    await eachOf(faults, AT_ONCE, async (fault) => {
      try {
        if ((await play(files, fault)).struck) cases += 1;
      } catch (error) {
        const { name: operation, path } = operations[fault.at - 1];
        const message = (error as Error).message.replace(/\s+/g, ' ');
        wrong.push(`${fault.kind} at ${fault.at}, ${operation} ${path}: ${message}`);
      }
    });
    t.diagnostic(`${operations.length} operations, ${cases} cases`);
    assert.equal(wrong.join('\n'), '');
    assert.deepEqual(unhandled, []);
    assert.ok(cases >= atLeast, `${cases} cases`);
  });
}
