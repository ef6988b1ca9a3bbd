import type { TestContext } from 'node:test';
import { Front } from '../../src/front/front.ts';
import { Application } from '../../src/http/application.ts';
import { BlockPool } from '../../src/packager/block-pool.ts';
import { Broadcast } from './broadcast.ts';
import type { BroadcastOptions } from './broadcast.ts';

/** Lives, and threads of delivery that answer for them. The token `owner` is its lives' owner's. */
export class FrontRig {
  readonly broadcast: Broadcast;
  readonly front: Front;
  readonly pool: BlockPool;

  static async open(t: TestContext, threads: number, options: BroadcastOptions = {}): Promise<FrontRig> {
    const pool = new BlockPool((bytes) => new Uint8Array(new SharedArrayBuffer(bytes)));
    const front = (): Front => rig.front;
    const broadcast = await Broadcast.open(t, {
      ...options,
      settings: { ...options.settings, pool, directoryChanged: (videoUuid) => front().changed(videoUuid) },
    });
    const rig = new FrontRig(broadcast, pool, threads);
    t.after(() => rig.front.close());
    await rig.front.start();
    return rig;
  }

  private constructor(broadcast: Broadcast, pool: BlockPool, threads: number) {
    this.broadcast = broadcast;
    this.pool = pool;
    this.front = new Front({
      host: '127.0.0.1',
      port: 0,
      threads,
      lives: broadcast.lives,
      log: broadcast.diary.log,
      logLevel: 'silent',
      mayWatch: (authorization) => Promise.resolve(authorization === 'Bearer owner'),
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.front.port}`;
  }

  playlistUrl(videoUuid: string, query = ''): string {
    return `${this.url}/static/streaming-playlists/hls/${videoUuid}/0.m3u8${query}`;
  }

  /** An application that tells what it got. */
  async serve(t: TestContext): Promise<void> {
    const application = await Application.create(async (app) => {
      app.all('/*', ({ method, url, ip, body }) => ({ method, url, ip, body: body ?? null }));
    });
    t.after(() => application.close());
    this.front.serve(application);
  }
}
