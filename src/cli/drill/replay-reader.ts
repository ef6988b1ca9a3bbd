import { parseFragmentHeader } from '../../mp4/fragment-reader.ts';
import { readFragmentSamples } from '../../mp4/fragment-samples.ts';
import { parseInitSegment } from '../../mp4/init-segment-reader.ts';
import type { HttpClient } from './http-client.ts';
import { parseMediaPlaylist } from './playlist-reader.ts';

/** Frames between two discontinuities of a replay: what one connection brought. */
export interface ReplayRun {
  video: number;
  audio: number;
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

/** Fetches a whole replay and holds each of its samples against what was sent: same bytes, same order, decode times without a hole. Rejects with what is wrong. */
export async function readReplay(http: HttpClient, uuid: string, truth: ReplayTruth): Promise<ReplayRun[]> {
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
  const runs: ReplayRun[] = [];
  const nextDecodeTimes = new Map<number, number>();
  let tracks: Tracks = { video: 0, audio: 0 };
  let initUri: string | null = null;
  for (const segment of playlist.segments) {
    if (segment.discontinuity || runs.length === 0) {
      runs.push({ video: 0, audio: 0 });
      nextDecodeTimes.clear();
    }
    if (segment.initUri === null) throw new Error('a segment has no EXT-X-MAP');
    if (segment.initUri !== initUri) {
      initUri = segment.initUri;
      tracks = tracksOf(await get(initUri));
    }
    checkSegment(await get(segment.uri), tracks, runs[runs.length - 1], nextDecodeTimes, truth);
  }
  return runs;
}

function tracksOf(init: Uint8Array): Tracks {
  const tracks = { video: 0, audio: 0 };
  for (const { trackId, config } of parseInitSegment(init)) tracks[config.kind] = trackId;
  return tracks;
}

function checkSegment(
  bytes: Buffer,
  tracks: Tracks,
  run: ReplayRun,
  nextDecodeTimes: Map<number, number>,
  truth: ReplayTruth,
): void {
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
      const sent = truth[kind];
      for (const { start, end } of samples.get(trackId) ?? []) {
        if (bytes.compare(sent[run[kind] % sent.length], undefined, undefined, start, end) !== 0) {
          throw new Error(`${kind} frame ${run[kind]} is not the one that was sent`);
        }
        run[kind] += 1;
      }
    }
    at += header.headerBytes + header.payloadBytes;
  }
}
