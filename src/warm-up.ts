import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MediaSource } from './cli/media-source.ts';
import { publishOnce } from './cli/publish-once.ts';
import type { LiveRecord } from './database/directory.ts';
import { RtmpListener } from './ingest/rtmp-listener.ts';
import { Lives } from './lives/lives.ts';
import { createLog } from './log.ts';
import { BlockPool } from './packager/block-pool.ts';
import { parseFlvFile } from './rtmp/flv-file.ts';
import type { FlvFile } from './rtmp/flv-file.ts';

const SAMPLE = join(import.meta.dirname, 'cli/sample.flv');
const PREFIX = 'reprise-warm-up-';
const LIVES = 8;
/** Enough for V8 to have compiled what a start and a frame go through; not more than this long. */
const ROUNDS = 6;
const LONGEST_MS = 2000;

/**
 * Publishes the sample to lives of its own, by loopback, in a directory of its own, as fast as it goes: a server that was just started may be asked by
 * all of its publishers at once, and is to meet them with compiled code. Resolves with true when all of it was taken to its end. Never rejects.
 */
export async function warmUp(signal: AbortSignal): Promise<boolean> {
  try {
    return await publishSample(signal);
  } catch {
    return false; // nothing depends on it: what matters will fail again, and be told then
  }
}

async function publishSample(signal: AbortSignal): Promise<boolean> {
  await removeLeftovers();
  const directory = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const log = createLog('silent');
  const lives = new Lives({
    dataDirectory: directory,
    log,
    partMs: 200,
    segmentMinMs: 1000,
    segmentMaxMs: 10_000,
    reconnectWindowMs: 0,
    dvrMaxWindowS: 0,
    playlistWindowS: 10,
    writeFact: () => {},
    pool: new BlockPool((byteLength) => new Uint8Array(new SharedArrayBuffer(byteLength))),
  });
  const rtmp = new RtmpListener({ host: '127.0.0.1', port: 0, door: lives, log });
  try {
    const records = Array.from({ length: LIVES }, (_, i) => record(i));
    await lives.start({ lives: records, replays: [] }, []);
    await rtmp.start();
    const source = allAtOnce(parseFlvFile(await readFile(SAMPLE)));
    const until = performance.now() + LONGEST_MS;
    let whole = true;
    for (let round = 0; round < ROUNDS && performance.now() < until && !signal.aborted; round += 1) {
      const urls = records.map(({ streamKey }) => `rtmp://127.0.0.1:${rtmp.port}/live/${streamKey}`);
      const outcomes = await Promise.all(urls.map((url) => publishOnce({ url, source, signal })));
      whole &&= outcomes.every(({ end }) => end === 'ended');
      await nextTurn();
    }
    return whole;
  } finally {
    await rtmp.close();
    await lives.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** What processes left that were killed while they warmed up. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : process.pid;
    if (!isRunning(pid)) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function record(number: number): LiveRecord {
  const videoUuid = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
  return {
    videoId: number,
    videoUuid,
    channelId: 0,
    ownerId: 0,
    ownerBlocked: false,
    name: '',
    privacy: 3,
    streamKey: videoUuid,
    permanent: true,
    ended: false,
    saveReplay: false,
    replayPrivacy: null,
    reconnectWindowMs: 0,
    takeover: 'take_over',
    latencyMode: 1,
    dvrWindowS: 0,
  };
}

/** A source that does not wait for the time of its frames. */
function allAtOnce({ metadata, configs, frames }: FlvFile): MediaSource {
  return {
    play: ({ rtmp, ended }) => {
      if (metadata !== null) rtmp.writeMetadata(metadata);
      rtmp.writeTags(configs, 0, configs.length, 0);
      for (let i = 0; i < frames.length; i += 1) rtmp.writeTags(frames, i, i + 1, 0);
      ended();
      return () => {};
    },
  };
}
