import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { FileSource } from '../../src/cli/file-source.ts';
import { publishOnce } from '../../src/cli/publish-once.ts';
import type { PublishOutcome } from '../../src/cli/publish-once.ts';
import { DEFAULT_INGEST_LIMITS } from '../../src/ingest/limits.ts';
import { IngestThreads } from '../../src/ingest-threads/ingest-threads.ts';
import type { SessionFact } from '../../src/ledger/session-fact.ts';
import { volumeFile } from '../../src/recording/layout.ts';
import { readStoredRecording } from '../../src/recording/stored-recording.ts';
import { parseFlvFile } from '../../src/rtmp/flv-file.ts';
import { Broadcast, liveRecord } from '../support/broadcast.ts';
import type { BroadcastOptions } from '../support/broadcast.ts';
import { until } from '../support/until.ts';

const SAMPLE = parseFlvFile(readFileSync(new URL('../../src/cli/sample.flv', import.meta.url)));
const SAMPLE_MS = SAMPLE.durationMs;
const PATIENT = { withinMs: 30_000 };

/** Lives, and threads that receive their publishers. */
class Rig {
  readonly broadcast: Broadcast;
  readonly rtmp: IngestThreads;
  /** Memory that recordings are written from. */
  readonly memory = new Set<Uint8Array>();
  readonly #bye = new AbortController();

  static async open(t: TestContext, options: BroadcastOptions = {}, limits = {}): Promise<Rig> {
    const rig = new Rig(await Broadcast.open(t, { ...options, settings: { now: Date.now, ...options.settings } }), limits);
    t.after(async () => {
      rig.#bye.abort();
      await rig.rtmp.close();
    });
    await rig.rtmp.start();
    return rig;
  }

  private constructor(broadcast: Broadcast, limits: object) {
    this.broadcast = broadcast;
    this.rtmp = new IngestThreads({
      host: '127.0.0.1',
      port: 0,
      threads: 2,
      lives: broadcast.lives,
      log: broadcast.diary.log,
      logLevel: 'silent',
      limits: { ...DEFAULT_INGEST_LIMITS, ...limits },
      partMs: 200,
      segmentMinMs: 1000,
      segmentMaxMs: 10_000,
      adopt: (bytes) => this.memory.add(bytes),
      discard: (bytes) => this.memory.delete(bytes),
    });
  }

  publish(streamKey: string, { loop = false, crash }: { loop?: boolean; crash?: AbortSignal } = {}): Promise<PublishOutcome> {
    return publishOnce({
      url: `rtmp://127.0.0.1:${this.rtmp.port}/live/${streamKey}`,
      source: new FileSource(SAMPLE, { loop }),
      signal: this.#bye.signal,
      ...(crash === undefined ? {} : { crash }),
    });
  }

  onAir(count: number): Promise<unknown> {
    const isOnAir = ({ state, recordedMs }: SessionFact): boolean => state === 'open' && recordedMs > 0;
    return until(`${count} are on air`, () => this.sessions().filter(isOnAir).length === count, PATIENT);
  }

  sessions(): SessionFact[] {
    return [...this.broadcast.newest().values()];
  }
}

test('what threads receive is recorded whole', async (t) => {
  const lives = Array.from({ length: 8 }, (_, i) => liveRecord(i + 1));
  const rig = await Rig.open(t, { lives });
  const outcomes = await Promise.all(lives.map(({ streamKey }) => rig.publish(streamKey)));
  assert.deepEqual([...new Set(outcomes.map(({ end }) => end))], ['ended']);
  await until('all have ended', () => rig.broadcast.openSessions().length === 0, PATIENT);
  const sessions = rig.sessions();
  assert.equal(sessions.length, 8);
  for (const { recordedMs, endReason, gaps } of sessions) {
    assert.deepEqual([endReason, gaps.length], ['unpublished', 0]);
    assert.ok(Math.abs(recordedMs - SAMPLE_MS) < 100, `${recordedMs} of ${SAMPLE_MS} ms`);
  }
  assert.equal(rig.rtmp.publishingCount, 0);
  assert.ok(rig.memory.size > 0);
  await until('the counts are told', () => rig.rtmp.receivedBytes > 100_000, PATIENT);
});

test('a publisher that takes over ends the one before it behind all that it sent', async (t) => {
  const [live] = [liveRecord()];
  const rig = await Rig.open(t, { lives: [live] });
  const first = rig.publish(live.streamKey, { loop: true });
  await rig.onAir(1);
  const began = rig.sessions()[0].startedAt;
  const second = rig.publish(live.streamKey);
  assert.equal((await first).end, 'refused');
  const toldAt = Date.now();
  assert.equal((await second).end, 'ended');
  await until('it has ended', () => rig.broadcast.openSessions().length === 0, PATIENT);
  const [session] = rig.sessions();
  assert.equal(rig.sessions().length, 1);
  const { recordedMs } = session;
  assert.ok(recordedMs > toldAt - began + SAMPLE_MS - 1500, `${recordedMs} ms, of ${toldAt - began} and ${SAMPLE_MS}`);
});

test('a restart ends the session behind all that was sent, and the publisher is told', async (t) => {
  const live = liveRecord();
  const rig = await Rig.open(t, { lives: [live] });
  const publisher = rig.publish(live.streamKey, { loop: true });
  await rig.onAir(1);
  rig.broadcast.lives.restarts.plan(null, 0);
  const outcome = await publisher;
  assert.equal(outcome.refusal?.description.startsWith('Restart asked'), true, JSON.stringify(outcome));
  const [session] = rig.sessions();
  assert.deepEqual([session.state, session.endReason], ['ended', 'restarted']);
});

test('refusals come from the lives, and one limit holds for all threads', async (t) => {
  const lives = [liveRecord(1), liveRecord(2), liveRecord(3, { ownerBlocked: true })];
  const rig = await Rig.open(t, { lives }, { publishers: 1 });
  const publisher = rig.publish(lives[0].streamKey, { loop: true });
  await rig.onAir(1);
  const refused = await rig.publish(lives[1].streamKey);
  assert.match(refused.refusal?.description ?? '', /limit of connections/);
  assert.equal(rig.broadcast.lives.attempts.counts.get('too_many_connections'), 1);
  rig.broadcast.lives.put({ ...lives[0], ownerBlocked: true });
  void publisher;
});

test('encoders that are reset and back at once: each connection is a session', async (t) => {
  const lives = Array.from({ length: 4 }, (_, i) => liveRecord(i + 1, { reconnectWindowMs: 0 }));
  const rig = await Rig.open(t, { lives });
  for (let round = 1; round <= 4; round += 1) {
    const crash = new AbortController();
    for (const { streamKey } of lives) void rig.publish(streamKey, { loop: true, crash: crash.signal });
    await until(`round ${round} is there`, () => rig.sessions().length === round * lives.length, PATIENT);
    await rig.onAir(lives.length);
    crash.abort();
  }
  await until('the last have ended', () => rig.broadcast.openSessions().length === 0, PATIENT);
  assert.deepEqual(
    rig.sessions().filter(({ gaps, endReason }) => gaps.length > 0 || endReason !== 'disconnected'),
    [],
  );
});

test('a thread that dies takes its own publishers with it, and nothing that was put out', async (t) => {
  const lives = Array.from({ length: 8 }, (_, i) => liveRecord(i + 1));
  const rig = await Rig.open(t, { lives });
  const outcomes = new Map<string, PublishOutcome>();
  for (const { streamKey } of lives) {
    void rig.publish(streamKey, { loop: true }).then((outcome) => outcomes.set(streamKey, outcome));
  }
  await rig.onAir(8);
  const { publishingCount } = rig.rtmp;
  assert.equal(publishingCount, 8);
  const parts = (): number[] => lives.map(({ videoUuid }) => rig.broadcast.edge(videoUuid).parts.length);
  await until('each has put out some of a segment', () => parts().every((count) => count >= 2), PATIENT);
  await rig.rtmp.kill();
  const gone = (): number => 8 - rig.rtmp.publishingCount;
  await until('its publishers are gone, each of them', () => gone() > 0 && outcomes.size === gone(), PATIENT);
  const stay = rig.rtmp.publishingCount;
  for (const { end } of outcomes.values()) assert.equal(end, 'lost');
  const interrupted = rig.sessions().filter(({ state }) => state === 'interrupted');
  assert.equal(interrupted.length, 8 - stay);
  // They come back, to whatever thread, into the same sessions.
  for (const streamKey of outcomes.keys()) void rig.publish(streamKey, { loop: true });
  await rig.onAir(8);
  const before = parts();
  await until('each has put out more', () => parts().every((count, i) => count > before[i] + 6), PATIENT);
  assert.equal(rig.sessions().length, 8);
  assert.equal(rig.sessions().filter(({ gaps }) => gaps.length === 1).length, 8 - stay);
  await rig.rtmp.close();
  await rig.broadcast.lives.close();
  for (const { sessionId, recordedMs, recordedBytes } of rig.sessions()) {
    assert.ok(recordedMs > 0);
    const directory = rig.broadcast.recordingDirectory(sessionId);
    const { segments } = await readStoredRecording(directory);
    for (const { volume, start, end } of segments) {
      const bytes = readFileSync(join(directory, volumeFile(volume))).subarray(start, end);
      assert.equal(bytes.length, end - start, `${sessionId} ${volume} ${start}-${end}`);
      assert.equal(bytes.toString('latin1', 4, 8), 'styp', 'a segment begins where one does');
    }
    assert.equal(Math.round(segments.reduce((sum, { duration }) => sum + duration, 0) / 90), recordedMs);
    assert.equal(
      segments.reduce((sum, { start, end }) => sum + end - start, 0),
      recordedBytes,
    );
  }
});
