import { parseFragmentHeader } from '../../mp4/fragment-reader.ts';
import { readFragmentSamples } from '../../mp4/fragment-samples.ts';
import { parseInitSegment } from '../../mp4/init-segment-reader.ts';
import { FrameRun } from './frame-run.ts';
import type { HttpClient } from './http-client.ts';
import { parseMediaPlaylist } from './playlist-reader.ts';

/** Frames between two discontinuities of a replay: what one connection brought. */
export interface ReplayRun {
  readonly video: number;
  readonly audio: number;
  /** Which frames of the media it can begin with. */
  readonly videoStarts: readonly number[];
  readonly audioStarts: readonly number[];
}

interface OpenRun {
  readonly video: FrameRun;
  readonly audio: FrameRun;
}

export interface ReplayTruth {
  /** What was sent, from its first frame on, over and over. */
  readonly video: readonly Uint8Array[];
  readonly audio: readonly Uint8Array[];
}

interface Tracks {
  readonly video: number;
  readonly audio: number;
}

/** Fetches a whole replay and holds each of its samples against what was sent: same bytes, same order, decode times without a hole. Each run begins with the first frame, or `anywhere`. Rejects with what is wrong. */
export async function readReplay(
  http: HttpClient,
  uuid: string,
  truth: ReplayTruth,
  { anywhere = false } = {},
): Promise<ReplayRun[]> {
  const get = async (path: string): Promise<Buffer> => {
    const { status, body } = await http.ask(path);
    if (status !== 200) throw new Error(`${path}: ${status}`);
    return body;
  };
  const base = `/static/streaming-playlists/hls/${uuid}`;
  const master = (await get(`${base}/master.m3u8`)).toString();
  if (!/^0\.m3u8$/m.test(master)) throw new Error('its multivariant playlist names no 0.m3u8');
  const playlist = parseMediaPlaylist((await get(`${base}/0.m3u8`)).toString());
  if (playlist?.ended !== true) throw new Error('its playlist has no end');
  const runs: OpenRun[] = [];
  const nextDecodeTimes = new Map<number, number>();
  let tracks: Tracks = { video: 0, audio: 0 };
  let initUri: string | null = null;
  for (const segment of playlist.segments) {
    if (segment.discontinuity || runs.length === 0) {
      runs.push({ video: new FrameRun(truth.video, anywhere), audio: new FrameRun(truth.audio, anywhere) });
      nextDecodeTimes.clear();
    }
    if (segment.initUri === null) throw new Error('a segment has no EXT-X-MAP');
    if (segment.initUri !== initUri) {
      initUri = segment.initUri;
      tracks = tracksOf(await get(initUri));
    }
    checkSegment(await get(segment.uri), tracks, runs[runs.length - 1], nextDecodeTimes);
  }
  return runs.map((run) => ({
    video: run.video.count,
    audio: run.audio.count,
    videoStarts: run.video.starts,
    audioStarts: run.audio.starts,
  }));
}

function tracksOf(init: Uint8Array): Tracks {
  const tracks = { video: 0, audio: 0 };
  for (const { trackId, config } of parseInitSegment(init)) tracks[config.kind] = trackId;
  return tracks;
}

function checkSegment(bytes: Buffer, tracks: Tracks, run: OpenRun, nextDecodeTimes: Map<number, number>): void {
  for (let at = 0; at < bytes.length;) {
    const header = parseFragmentHeader(bytes, at);
    if (header === null) throw new Error('a segment ends inside a fragment');
    const samples = readFragmentSamples(bytes, at);
    for (const { trackId, baseMediaDecodeTime, duration } of header.tracks) {
      const expected = nextDecodeTimes.get(trackId) ?? baseMediaDecodeTime;
      if (expected !== baseMediaDecodeTime)
        throw new Error(`decode time ${baseMediaDecodeTime} of track ${trackId}, expected is ${expected}`);
      nextDecodeTimes.set(trackId, baseMediaDecodeTime + duration);
      const kind = trackId === tracks.video ? 'video' : 'audio';
      for (const { start, end } of samples.get(trackId) ?? []) {
        if (!run[kind].push(bytes, start, end)) throw new Error(`${kind} frame ${run[kind].count} is not the one that was sent`);
      }
    }
    at += header.headerBytes + header.payloadBytes;
  }
}
