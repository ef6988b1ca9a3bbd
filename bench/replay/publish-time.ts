import { setTimeout as sleep } from 'node:timers/promises';
import { Fleet } from '../../src/cli/fleet.ts';
import type { Publishers } from '../load/publishers.ts';
import { until } from '../load/publishers.ts';
import type { MeasuredStream } from '../servers/measured-server.ts';
import type { RepriseServer } from '../servers/reprise-server.ts';
import { prolongRecording, recordingDirectories } from './long-recording.ts';

/** How long a replay took from the end of its session. */
export interface PublishTime {
  readonly recordedSeconds: number;
  /** Until the session tells of its replay in the API. */
  readonly listedMs: number;
  /** Until the replay's playlist was there, whole. */
  readonly servedMs: number;
  readonly playlistBytes: number;
  readonly playlistMs: number;
  /** Of a server that takes the session up again, in its start; null when it ran all the time. */
  readonly startMs: number | null;
}

const LOOK_AGAIN_MS = 20;
const WITHIN_MS = 60_000;
/** What a session that is made longer is sent before and behind. */
const SENT_MS = 3000;

/** A session of so many seconds, sent in real time. */
export async function publishLive(
  server: RepriseServer,
  publishers: Publishers,
  seconds: number,
  signal: AbortSignal,
): Promise<PublishTime> {
  const [stream] = await server.prepare(1);
  await until(publishers.begin([stream]) + seconds * 1000, signal);
  return endAndWait(server, publishers, stream, null);
}

/** A session of so many seconds, most of them written to its recording while the server is away; then it is taken up again, and ended. */
export async function publishProlonged(
  server: RepriseServer,
  publishers: Publishers,
  seconds: number,
  signal: AbortSignal,
): Promise<PublishTime> {
  const before = new Set(await recordingDirectories(server.instance.directory));
  const [stream] = await server.prepare(1);
  await until(publishers.begin([stream]) + SENT_MS, signal);
  await server.instance.kill();
  await publishers.stop([stream], 'abrupt');
  const [directory] = (await recordingDirectories(server.instance.directory)).filter((each) => !before.has(each));
  await prolongRecording(directory, seconds);
  const began = performance.now();
  await server.instance.start();
  const startMs = performance.now() - began;
  await until(publishers.begin([stream]) + SENT_MS, signal);
  return endAndWait(server, publishers, stream, startMs);
}

async function endAndWait(
  { api, http }: RepriseServer,
  publishers: Publishers,
  stream: MeasuredStream,
  startMs: number | null,
): Promise<PublishTime> {
  await publishers.stop([stream], 'clean');
  const endedAtMs = publishers.ending.get(0);
  if (endedAtMs === undefined) throw new Error(`the publisher was lost: ${publishers.lost.join(', ')}`);
  const uuid = /hls\/([^/]+)\//.exec(stream.playlistPath)?.[1] ?? '';
  const deadline = Fleet.now() + WITHIN_MS;
  for (;;) {
    const session = (await api.sessions(uuid)).at(-1);
    const listedMs = Fleet.now() - endedAtMs;
    if (session?.replayVideo !== undefined) {
      const asked = Fleet.now();
      const { status, body } = await http.ask(`/static/streaming-playlists/hls/${session.replayVideo.uuid}/0.m3u8`);
      const text = body.toString();
      if (status === 200 && text.includes('#EXT-X-ENDLIST')) {
        const recordedSeconds = [...text.matchAll(/^#EXTINF:([0-9.]+)/gm)].reduce((sum, [, time]) => sum + Number(time), 0);
        const [servedMs, playlistMs] = [Fleet.now() - endedAtMs, Fleet.now() - asked];
        return { recordedSeconds, listedMs, servedMs, playlistBytes: body.length, playlistMs, startMs };
      }
    }
    if (Fleet.now() > deadline) throw new Error(`no replay within ${WITHIN_MS / 1000} s`);
    await sleep(LOOK_AGAIN_MS);
  }
}
