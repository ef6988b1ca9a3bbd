import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LiveEdge } from '../../src/lives/live-edge.ts';
import { SessionRecorder } from '../../src/lives/session-recorder.ts';
import { Tally } from '../../src/lives/tally.ts';
import { MEDIA_TIMESCALE } from '../../src/media/track.ts';
import { BlockPool } from '../../src/packager/block-pool.ts';
import { Packager } from '../../src/packager/packager.ts';
import { SessionClock } from '../../src/packager/session-clock.ts';
import { recoverRecording } from '../../src/recording/recovery.ts';
import { readTimelineEnd } from '../../src/recording/stored-recording.ts';

const FRAMES_PER_SECOND = 30;
const FRAME_TICKS = MEDIA_TIMESCALE / FRAMES_PER_SECOND;
/** Some 100 kb/s: it is the number of segments that counts here. */
const FRAME_BYTES = 400;
/** The disk is waited for so often. */
const FLUSH_SECONDS = 60;

/**
 * Makes the recording of a session whose server was killed longer, as if it had gone on: so many seconds of video of some 100 kb/s, with a clock that
 * runs as fast as the media. The server must not run.
 */
export async function prolongRecording(directory: string, seconds: number): Promise<void> {
  const stored = await recoverRecording(directory, false);
  const end = await readTimelineEnd(stored);
  const run = stored.runs.at(-1);
  if (end === null || run?.video == null) throw new Error('the recording has no media to go on from');
  let nowMs = end.wallAtZeroMs + (end.endTicks * 1000) / MEDIA_TIMESCALE;
  const errors: Error[] = [];
  let handed = 0;
  let written = 0;
  const recorder = new SessionRecorder({
    directory,
    meta: stored.meta,
    edge: new LiveEdge(stored.meta),
    tally: new Tally(),
    windowTicks: () => 0,
    now: () => nowMs,
    stored,
    retryMs: 1000,
    onFirstPart: () => {},
    onFailed: (error) => errors.push(error),
    onResumed: () => {},
    onWritten: (bytes) => (written += bytes),
    keepPlace: () => {},
  });
  const packager = new Packager({
    clock: new SessionClock(end),
    now: () => nowMs,
    pool: new BlockPool(),
    output: {
      init: (init, discontinuity) => recorder.init(init, discontinuity),
      part: (part) => {
        handed += part.end - part.start;
        recorder.part(part);
      },
      endSegment: () => recorder.endSegment(),
    },
    partMs: 200,
    segmentMinMs: 1000,
    segmentMaxMs: 10_000,
    discontinuity: true,
  });
  packager.announceTracks(true, false);
  packager.videoConfig(run.video);
  for (let frame = 0; frame < seconds * FRAMES_PER_SECOND; frame += 1) {
    const taken = packager.beginVideo(frame * FRAME_TICKS, 0, frame % FRAMES_PER_SECOND === 0, FRAME_BYTES);
    if (taken) packager.endVideo();
    nowMs += 1000 / FRAMES_PER_SECOND;
    if (frame % (FLUSH_SECONDS * FRAMES_PER_SECOND) === 0) while (written < handed && errors.length === 0) await nextTurn();
  }
  packager.close();
  await recorder.release();
  if (errors.length > 0) throw errors[0];
}

/** The recordings of a data directory. */
export async function recordingDirectories(dataDirectory: string): Promise<string[]> {
  const recordings = join(dataDirectory, 'recordings');
  return (await readdir(recordings)).map((name) => join(recordings, name));
}
