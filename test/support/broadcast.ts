import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { LiveRecord, ReplayRecord } from '../../src/database/directory.ts';
import type { RefusalCode } from '../../src/errors.ts';
import type { SessionFact } from '../../src/ledger/session-fact.ts';
import type { Publication, PublicationEnd, PublisherConnection } from '../../src/lives/door.ts';
import type { Block } from '../../src/packager/block-pool.ts';
import type { LiveEdge } from '../../src/lives/live-edge.ts';
import { Lives } from '../../src/lives/lives.ts';
import type { LivesOptions } from '../../src/lives/lives-options.ts';
import { readFlv } from './flv.ts';
import { LogDiary } from './log-diary.ts';
import { steadyStream, WatchedPool } from './part-tape.ts';
import { until } from './until.ts';

const { videoConfig, audioConfig } = readFlv(new URL('../fixtures/h264-high-b-frames-25fps-aac-44100-mono.flv', import.meta.url));

/** When a test's clock begins. */
export const BEGAN = Date.parse('2026-03-01T12:00:00Z');
export const OWNER = 7;

/** A permanent public live that saves replays, unless told otherwise; its stream key is its uuid. */
export function liveRecord(n = 1, change: Partial<LiveRecord> = {}): LiveRecord {
  const videoUuid = `0000000a-0000-4000-8000-${String(n).padStart(12, '0')}`;
  return {
    videoId: n,
    videoUuid,
    channelId: 1,
    ownerId: OWNER,
    ownerBlocked: false,
    name: `Live ${n}`,
    privacy: 1,
    streamKey: videoUuid,
    permanent: true,
    ended: false,
    saveReplay: true,
    replayPrivacy: 1,
    reconnectWindowMs: null,
    takeover: 'take_over',
    latencyMode: 1,
    dvrWindowS: 0,
    ...change,
  };
}

/** A pool that can be broken: then nothing can be taken from it. */
export class BreakablePool extends WatchedPool {
  broken = false;

  override take(minBytes: number): Block {
    if (this.broken) throw new Error('no memory');
    return super.take(minBytes);
  }
}

export interface BroadcastOptions {
  readonly lives?: readonly LiveRecord[];
  readonly replays?: readonly ReplayRecord[];
  readonly settings?: Partial<LivesOptions>;
  /** A data directory to go on with. */
  readonly from?: Broadcast;
  /** What was open, instead of what `from` was told. */
  readonly openSessions?: readonly SessionFact[];
}

/** The room `lives` with real files, and publishers that go in by its door. Of the world only the clock is made up. */
export class Broadcast {
  readonly directory: string;
  readonly lives: Lives;
  readonly diary = new LogDiary();
  readonly pool = new BreakablePool();
  /** All facts, in the order they were written. */
  readonly facts: SessionFact[] = [];
  nowMs: number;
  #connections = 0;

  static async open(t: TestContext, options: BroadcastOptions = {}): Promise<Broadcast> {
    const directory = await mkdtemp(join(tmpdir(), 'reprise-test-lives-'));
    const { from } = options;
    // As a process that is killed leaves it: what reached the files, and nothing that came after.
    if (from !== undefined) await cp(from.directory, directory, { recursive: true });
    const broadcast = new Broadcast(directory, from?.nowMs ?? BEGAN, options.settings ?? {});
    t.after(async () => {
      await broadcast.lives.close();
      await rm(directory, { recursive: true, force: true });
    });
    const facts = options.openSessions ?? from?.newest().values() ?? [];
    await broadcast.lives.start({ lives: options.lives ?? [liveRecord()], replays: options.replays ?? [] }, [...facts]);
    await broadcast.lives.loaded;
    return broadcast;
  }

  constructor(directory: string, nowMs: number, settings: Partial<LivesOptions>) {
    this.directory = directory;
    this.nowMs = nowMs;
    this.lives = new Lives({
      dataDirectory: directory,
      log: this.diary.log,
      partMs: 200,
      segmentMinMs: 1000,
      segmentMaxMs: 10_000,
      reconnectWindowMs: 60_000,
      dvrMaxWindowS: 3600,
      playlistWindowS: 30,
      writeFact: (fact) => void this.facts.push(structuredClone(fact)),
      now: () => this.nowMs,
      recordingRetryMs: 10,
      pool: this.pool,
      ...settings,
    });
  }

  /** Newest fact of each session that has not ended, as the ledger tells them. */
  openSessions(): SessionFact[] {
    return [...this.newest().values()].filter(({ state }) => state !== 'ended');
  }

  newest(): Map<string, SessionFact> {
    const newest = new Map<string, SessionFact>();
    for (const fact of this.facts)
      if ((newest.get(fact.sessionId)?.revision ?? 0) < fact.revision) newest.set(fact.sessionId, fact);
    return newest;
  }

  /** The newest fact of a session, as soon as it is in this state. */
  fact(sessionId: string, state: SessionFact['state']): Promise<SessionFact> {
    return until(`session ${sessionId} is ${state}`, () => {
      const fact = this.newest().get(sessionId);
      return fact?.state === state ? fact : null;
    });
  }

  async publish(streamKey = liveRecord().streamKey): Promise<TestPublisher> {
    this.#connections += 1;
    const publisher = new TestPublisher(this, `connection ${this.#connections}`);
    await publisher.ask(streamKey);
    return publisher;
  }

  /** The live edge of a live. */
  edge(videoUuid = liveRecord().videoUuid): LiveEdge {
    const playback = this.lives.playback(videoUuid);
    if (playback?.kind !== 'live') throw new Error('there is no such live');
    return playback.edge;
  }

  recordingDirectory(sessionId: string): string {
    return join(this.directory, 'recordings', sessionId);
  }
}

/** A publisher as a protocol room brings it to the door. */
export class TestPublisher implements PublisherConnection {
  readonly connectionId: string;
  /** What it was closed with. */
  readonly closedWith: RefusalCode[] = [];
  /** A connection that breaks its promise not to throw. */
  throws = false;
  readonly #broadcast: Broadcast;
  #publication: Publication | null = null;
  /** What its clock says, ms. */
  clockMs = 0;
  #configured = false;

  constructor(broadcast: Broadcast, connectionId: string) {
    this.#broadcast = broadcast;
    this.connectionId = connectionId;
  }

  async ask(streamKey: string): Promise<void> {
    const request = { streamKey, connectionId: this.connectionId, remoteAddress: '192.0.2.1', encoder: 'test' };
    this.clockMs = 0;
    this.#configured = false;
    this.#publication = await this.#broadcast.lives.publish(request, this);
  }

  get sessionId(): string {
    return this.publication.sessionId;
  }

  get publication(): Publication {
    if (this.#publication === null) throw new Error('not admitted');
    return this.#publication;
  }

  readNow(): void {}

  close(code: RefusalCode): void {
    this.closedWith.push(code);
    if (this.throws) throw new Error('broken connection');
  }

  /** Sends so much media, the clock along with it: 25 frames a second, a keyframe each second, and audio. */
  send(seconds: number, videoBytes = 1000): void {
    const { sink } = this.publication;
    if (!this.#configured) {
      this.#configured = true;
      sink.announceTracks(true, true);
      if (videoConfig !== null) sink.videoConfig(videoConfig);
      if (audioConfig !== null) sink.audioConfig(audioConfig);
    }
    const began = this.#broadcast.nowMs;
    const startMs = this.clockMs;
    for (const frame of steadyStream({ seconds, fps: 25, sampleRate: 44_100, startMs, videoBytes: () => videoBytes })) {
      this.#broadcast.nowMs = began + frame.ms - startMs;
      const taken =
        frame.track === 'video'
          ? sink.beginVideo(frame.ms * 90, 0, frame.keyframe ?? false, frame.size)
          : sink.beginAudio(frame.ms * 90, frame.size);
      if (!taken) continue;
      sink.target.fill((frame.ms / 40) & 0xff, sink.targetOffset, sink.targetOffset + frame.size);
      if (frame.track === 'video') sink.endVideo();
      else sink.endAudio();
    }
    this.clockMs += seconds * 1000;
    this.#broadcast.nowMs = began + seconds * 1000;
  }

  end(reason: PublicationEnd = 'unpublished'): void {
    this.publication.end(reason);
  }
}
