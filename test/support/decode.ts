import { run } from './run.ts';

/** What came out of a decoder. */
export interface Decoded {
  /** Frames by the count of ffprobe, which decodes them. */
  readonly video: number;
  readonly audio: number;
}

/** ffmpeg takes a hole of 10 s for wrong timestamps, and moves what is behind it, each track by as much as it sees fit: not holes up to this, in seconds. */
const LONGEST_HOLE = ['-dts_delta_threshold', '3600'];

/** All that `ffmpeg -v warning` has to say of a playlist that it decodes to its end: nothing, when all is well. */
export async function decodeWarnings(ffmpeg: string, url: string): Promise<string> {
  const { code, stdout, stderr } = await run(ffmpeg, [
    '-v',
    'warning',
    '-nostdin',
    ...LONGEST_HOLE,
    '-i',
    url,
    '-f',
    'null',
    '-',
  ]);
  return code === 0 ? stdout + stderr : `exit code ${code}: ${stderr}`;
}

/** Counts the frames that ffprobe decodes. */
export async function countFrames(ffprobe: string, url: string): Promise<Decoded> {
  const { code, stdout, stderr } = await run(ffprobe, [
    '-v',
    'error',
    '-count_frames',
    '-show_entries',
    'stream=codec_type,nb_read_frames',
    '-of',
    'json',
    url,
  ]);
  if (code !== 0 || stderr !== '') throw new Error(`ffprobe ${url}: ${code}: ${stderr}`);
  const { streams } = JSON.parse(stdout) as { streams: { codec_type: string; nb_read_frames?: string }[] };
  const count = (kind: string): number => Number(streams.find((stream) => stream.codec_type === kind)?.nb_read_frames ?? 0);
  return { video: count('video'), audio: count('audio') };
}
