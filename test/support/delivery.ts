import type { TestContext } from 'node:test';
import { Delivery } from '../../src/delivery/delivery.ts';
import type { Rights } from '../../src/delivery/delivery.ts';
import { HttpListener } from '../../src/http/http-listener.ts';
import type { LiveEdge } from '../../src/lives/live-edge.ts';
import { Broadcast } from './broadcast.ts';
import type { BroadcastOptions } from './broadcast.ts';
import { fetchText } from './http.ts';
import { parsePlaylist } from './playlist.ts';
import type { MediaPlaylist } from './playlist.ts';

/** Lives, and an HTTP server that answers for them as the real one does. The token `owner` is its lives' owner's. */
export class DeliveryRig {
  readonly broadcast: Broadcast;
  readonly delivery: Delivery;
  url = '';
  /** Asked whether somebody may watch. */
  readonly asked: { authorization: string | undefined; rights: Rights }[] = [];

  static async open(t: TestContext, options: BroadcastOptions = {}): Promise<DeliveryRig> {
    const rig = new DeliveryRig(await Broadcast.open(t, options));
    const server = new HttpListener({
      host: '127.0.0.1',
      port: 0,
      first: (exchange) => rig.delivery.handle(exchange),
      log: rig.broadcast.diary.log,
    });
    server.serve((_request, response) => response.writeHead(418).end());
    await server.start();
    rig.url = `http://127.0.0.1:${server.port}`;
    t.after(() => {
      rig.delivery.close();
      return server.close();
    });
    return rig;
  }

  private constructor(broadcast: Broadcast) {
    this.broadcast = broadcast;
    this.delivery = new Delivery({
      catalogue: broadcast.lives,
      log: broadcast.diary.log,
      now: () => broadcast.nowMs,
      mayWatch: (authorization, rights) => {
        this.asked.push({ authorization, rights });
        return Promise.resolve(authorization === 'Bearer owner');
      },
    });
  }

  /** The live edge of the first live. */
  get edge(): LiveEdge {
    return this.broadcast.edge();
  }

  playlistUrl(videoUuid: string, query = ''): string {
    return `${this.url}/static/streaming-playlists/hls/${videoUuid}/0.m3u8${query}`;
  }

  masterUrl(videoUuid: string): string {
    return `${this.url}/static/streaming-playlists/hls/${videoUuid}/master.m3u8`;
  }
}

/** A media playlist that is there. */
export async function readPlaylist(url: string): Promise<MediaPlaylist> {
  return parsePlaylist(await fetchText(url));
}
