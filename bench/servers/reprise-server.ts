import { readFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiClient } from '../../src/cli/drill/api-client.ts';
import { eachOf } from '../../src/cli/drill/each-of.ts';
import { HttpClient } from '../../src/cli/drill/http-client.ts';
import { TemporaryInstance } from '../../src/cli/drill/temporary-instance.ts';
import { dataDirectoryHolder } from '../../src/data-directory.ts';
import { MEDIA_TIMESCALE } from '../../src/media/track.ts';
import { parseFragmentHeader } from '../../src/mp4/fragment-reader.ts';
import { VIDEO_TRACK_ID } from '../../src/mp4/init-segment.ts';
import { processTree } from '../process/process-tree.ts';
import type { Processes } from '../process/processes.ts';
import type { MeasuredServer, MeasuredStream } from './measured-server.ts';

const MADE_AT_ONCE = 8;
const TICKS_PER_MS = MEDIA_TIMESCALE / 1000;

export interface RepriseServerOptions {
  /** Settings of the server, as its environment has them; none is how users run it. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The parent of its directory; without one, that of temporary files. */
  readonly parent?: string | undefined;
  /** Of the lives that are made, in seconds; null is the server's own. */
  readonly reconnectWindow?: number | null;
}

/** Ours, as `npm start` runs it: a process of its own with its embedded PostgreSQL, default settings, ledger and recordings on disk. */
export class RepriseServer implements MeasuredServer {
  readonly name = 'reprise';
  readonly instance: TemporaryInstance;
  readonly api: ApiClient;
  readonly http: HttpClient;
  readonly #options: RepriseServerOptions;

  static async start(options: RepriseServerOptions = {}): Promise<RepriseServer> {
    const { env } = process;
    const instance = await TemporaryInstance.create({
      ownDatabase: false,
      env,
      ...(options.settings === undefined ? {} : { settings: options.settings }),
      ...(options.parent === undefined ? {} : { parent: options.parent }),
    });
    try {
      const http = new HttpClient(instance.url);
      return new RepriseServer(instance, http, await ApiClient.signIn(http, instance), options);
    } catch (error) {
      await instance.remove();
      throw error;
    }
  }

  private constructor(instance: TemporaryInstance, http: HttpClient, api: ApiClient, options: RepriseServerOptions) {
    this.instance = instance;
    this.http = http;
    this.api = api;
    this.#options = options;
  }

  get httpPort(): number {
    return this.instance.httpPort;
  }

  processes(): Processes {
    const pid = dataDirectoryHolder(this.instance.directory);
    if (pid === null) throw new Error('the server has gone');
    const postgres = readPostmasterPid(this.instance.directory);
    const database = postgres === null ? [] : processTree(postgres);
    return { server: processTree(pid).filter((each) => !database.includes(each)), database };
  }

  async prepare(count: number): Promise<MeasuredStream[]> {
    const { reconnectWindow = null } = this.#options;
    return eachOf(
      Array.from({ length: count }, (_, i) => i + 1),
      MADE_AT_ONCE,
      async (number) => {
        const fields = {
          privacy: 1,
          permanentLive: true,
          saveReplay: true,
          replaySettings: { privacy: 1 },
          reconnectWindow,
        } as const;
        const live = await this.api.createLive(`Bench ${number}`, fields);
        return {
          publishUrl: `${this.instance.rtmpUrl}/${live.streamKey}`,
          playlistPath: `/static/streaming-playlists/hls/${live.uuid}/0.m3u8`,
        };
      },
    );
  }

  /** The volume that it belongs to: each connection has one of its own. */
  broadcastOf(uri: string): string {
    return uri.slice(0, uri.lastIndexOf('/'));
  }

  lastFrameMs(media: Buffer): number | null {
    let last: number | null = null;
    for (let at = 0; at < media.length;) {
      const fragment = parseFragmentHeader(media, at);
      if (fragment === null) break;
      const video = fragment.tracks.find(({ trackId }) => trackId === VIDEO_TRACK_ID);
      // Where the frame behind it begins, less what a frame lasts: frames are of one length.
      if (video !== undefined && video.duration > 0)
        last = (video.baseMediaDecodeTime + video.duration - video.duration / video.sampleCount) / TICKS_PER_MS;
      at += fragment.headerBytes + fragment.payloadBytes;
    }
    return last;
  }

  async dropMedia(): Promise<void> {
    const recordings = join(this.instance.directory, 'recordings');
    for (const name of await readdir(recordings)) await rm(join(recordings, name), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    this.http.close();
    await this.instance.remove();
  }
}

/** PostgreSQL is there from the server's start to its end. */
function readPostmasterPid(directory: string): number | null {
  try {
    return Number.parseInt(readFileSync(join(directory, 'postgres/cluster/postmaster.pid'), 'utf8'), 10);
  } catch {
    return null;
  }
}
