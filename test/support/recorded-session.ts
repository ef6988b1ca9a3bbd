import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { LiveEdge } from '../../src/lives/live-edge.ts';
import { SessionRecorder } from '../../src/lives/session-recorder.ts';
import type { Span } from '../../src/lives/session-recorder.ts';
import { Tally } from '../../src/lives/tally.ts';
import type { AccessUnitSink } from '../../src/media/access-unit-sink.ts';
import { BlockPool } from '../../src/packager/block-pool.ts';
import type { TimelineStart } from '../../src/packager/media-timeline.ts';
import { Packager } from '../../src/packager/packager.ts';
import { SessionClock } from '../../src/packager/session-clock.ts';
import type { RecordingMeta } from '../../src/recording/layout.ts';
import { DISK } from '../../src/recording/disk.ts';
import { readTimelineEnd } from '../../src/recording/stored-recording.ts';
import type { StoredRecording } from '../../src/recording/stored-recording.ts';
import type { FlvFile } from './flv.ts';

export const SESSION_ID = '01900000-0000-7000-8000-000000000001';
export const META: RecordingMeta = {
  sessionId: SESSION_ID,
  videoUuid: '01900000-0000-7000-8000-000000000002',
  startedAt: 1_700_000_000_000,
  saveReplay: true,
  mediaSequence: 0,
  discontinuitySequence: 0,
  targetDuration: 2,
};

/** A session's way from its sink to real files, with a wall clock of its own. */
export class RecordedSession {
  readonly directory: string;
  readonly pool = new BlockPool();
  readonly edge = new LiveEdge(META);
  readonly recorder: SessionRecorder;
  readonly errors: Error[] = [];
  readonly gaps: Span[] = [];
  readonly places: TimelineStart[] = [];
  writtenBytes = 0;
  readonly #clock: SessionClock;
  readonly #resumed: boolean;
  nowMs: number;

  /** `stored`: a recording that is taken up again. */
  constructor(
    directory: string,
    stored: StoredRecording | null = null,
    end: { endTicks: number; wallAtZeroMs: number } | null = null,
    nowMs = META.startedAt,
  ) {
    this.directory = directory;
    this.nowMs = nowMs;
    this.#resumed = stored !== null;
    this.#clock = new SessionClock(end);
    this.recorder = new SessionRecorder({
      directory,
      meta: META,
      edge: this.edge,
      tally: new Tally(),
      windowTicks: () => 1e9,
      now: () => this.nowMs,
      stored,
      retryMs: 10,
      disk: DISK,
      onFirstPart: () => {},
      onFailed: (error) => this.errors.push(error),
      onResumed: (gap) => this.gaps.push(gap),
      onWritten: (bytes) => (this.writtenBytes += bytes),
      keepPlace: (place) => this.places.push(place),
    });
  }

  static async resume(stored: StoredRecording, nowMs: number): Promise<RecordedSession> {
    return new RecordedSession(stored.directory, stored, await readTimelineEnd(stored), nowMs);
  }

  connect(): Packager {
    this.#clock.reanchor();
    const { timeline } = this.edge;
    return new Packager({
      clock: this.#clock,
      now: () => this.nowMs,
      pool: this.pool,
      output: this.recorder,
      partMs: 200,
      segmentMinMs: 1000,
      segmentMaxMs: 10_000,
      discontinuity: timeline.segments.next > 0 || this.#resumed,
    });
  }
}

/** A directory for one recording, gone after the test. */
export function recordingScratch(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'reprise-recording-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, SESSION_ID);
}

/** Feeds a file's frames as a protocol room does, `rounds` times over; the clock of the world goes along. */
export function feedFlv(sink: AccessUnitSink, file: FlvFile, rounds: number, atMs: (ms: number) => void = () => {}): void {
  sink.announceTracks(file.videoConfig !== null, file.audioConfig !== null);
  if (file.videoConfig !== null) sink.videoConfig(file.videoConfig);
  if (file.audioConfig !== null) sink.audioConfig(file.audioConfig);
  const frames = [
    ...file.video.map((frame) => ({ ...frame, track: 'video' as const })),
    ...file.audio.map((frame) => ({ ...frame, track: 'audio' as const })),
  ].sort((a, b) => a.dtsMs - b.dtsMs);
  const lead = file.video.length > 0 ? file.video : file.audio;
  const roundMs = Math.round((lead[lead.length - 1].dtsMs - lead[0].dtsMs) * (lead.length / (lead.length - 1)));
  for (let round = 0; round < rounds; round += 1) {
    for (const { track, dtsMs, compositionOffsetMs, keyframe, data } of frames) {
      const ms = dtsMs + round * roundMs;
      atMs(ms);
      const taken =
        track === 'video'
          ? sink.beginVideo(ms * 90, compositionOffsetMs * 90, keyframe, data.length)
          : sink.beginAudio(ms * 90, data.length);
      if (!taken) continue;
      sink.target.set(data, sink.targetOffset);
      if (track === 'video') sink.endVideo();
      else sink.endAudio();
    }
  }
}
