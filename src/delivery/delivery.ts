import type { Exchange, Headers } from '../http/exchange.ts';
import type { Logger } from '../log.ts';
import { sendPreflight, sendText } from './answer.ts';
import { EdgeWaiters } from './edge-waiters.ts';
import { LivePlaylists } from './live-playlists.ts';
import type { MediaCatalogue } from './media-catalogue.ts';
import { MediaFiles } from './media-files.ts';
import { ReplayPlaylists } from './replay-playlists.ts';
import { isDeliveryPath, UrlParser } from './route.ts';
import type { Directives, ParsedUrl, Route } from './route.ts';

/** What decides who may watch: privacy as in the REST contract (1 public, 2 unlisted, 3 private, 4 internal), and whose it is. */
export interface Rights {
  readonly privacy: number;
  readonly ownerId: number;
}

export interface DeliveryOptions {
  readonly catalogue: MediaCatalogue;
  readonly log: Logger;
  /** Asked for what is neither public nor unlisted, with the request's Authorization header. */
  readonly mayWatch: (authorization: string | undefined, rights: Rights) => Promise<boolean>;
  readonly now?: () => number;
  /** Tells this process's versions of playlists from those of the ones before it; the time it began, if not set. */
  readonly epoch?: string;
}

/** Requests so far. `replay`: of what no live's playlist names any more; `refused`: no such path, live or media, or no right to it. */
export type RequestCounts = Record<'playlist' | 'part' | 'segment' | 'replay' | 'refused', number>;

/** HTTP for players: playlists, parts, segments, of lives and replays alike. */
export class Delivery {
  readonly requests: RequestCounts = { playlist: 0, part: 0, segment: 0, replay: 0, refused: 0 };
  /** Requests that a mistake of ours kept from their answer. */
  failures = 0;
  readonly #urls = new UrlParser();
  readonly #catalogue: MediaCatalogue;
  readonly #log: Logger;
  readonly #mayWatch: DeliveryOptions['mayWatch'];
  readonly #waiters: EdgeWaiters;
  readonly #live: LivePlaylists;
  readonly #replays: ReplayPlaylists;
  readonly #media: MediaFiles;

  constructor(options: DeliveryOptions) {
    const now = options.now ?? Date.now;
    const { catalogue, epoch = now().toString(36) } = options;
    const failed = (exchange: Exchange | null, error: unknown): void => this.#failed(exchange, error);
    this.#catalogue = catalogue;
    this.#log = options.log;
    this.#mayWatch = options.mayWatch;
    this.#waiters = new EdgeWaiters(now, failed);
    this.#live = new LivePlaylists(this.#waiters, now, epoch);
    this.#replays = new ReplayPlaylists((sessionId) => catalogue.readRecording(sessionId));
    this.#media = new MediaFiles(catalogue.recordings, this.#waiters, now, (error) => failed(null, error));
  }

  /** Answers the request if its path is delivery's; false leaves it to others. */
  handle(exchange: Exchange): boolean {
    const { url } = exchange;
    if (!isDeliveryPath(url)) return false;
    try {
      const answered = this.#answer(exchange, this.#urls.parse(url));
      answered?.catch((error: unknown) => this.#failed(exchange, error));
    } catch (error) {
      this.#failed(exchange, error);
    }
    return true;
  }

  /** Requests that wait for media to come. */
  get waiting(): number {
    return this.#waiters.count;
  }

  /** Answers all requests that wait. */
  close(): void {
    this.#waiters.close();
    this.#media.close();
  }

  #failed(exchange: Exchange | null, error: unknown): void {
    this.failures += 1;
    this.#log.error({ path: exchange?.url, err: error }, 'delivery failed');
    if (exchange === null) return;
    if (exchange.begun) exchange.destroy();
    else sendText(exchange, 500, 'The server made a mistake.');
  }

  /** Answers in place where it can: a promise costs more than most answers. */
  #answer(exchange: Exchange, { route, directives }: ParsedUrl): Promise<void> | void {
    if (exchange.method === 'OPTIONS') return sendPreflight(exchange);
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD')
      return this.#refuse(exchange, 405, 'Only GET, HEAD and OPTIONS.', ['Allow', 'GET, HEAD, OPTIONS']);
    if (route === null) return this.#refuse(exchange, 404, 'No such path.');
    const send = (): Promise<void> | void =>
      route.kind === 'range' || route.kind === 'part'
        ? this.#sendMedia(exchange, route)
        : this.#sendPlaylist(exchange, route, directives);
    const loading = this.#catalogue.loading(route);
    return loading === null ? send() : loading.then(send);
  }

  #sendPlaylist(exchange: Exchange, route: Route & { videoUuid: string }, directives: Directives | null): Promise<void> | void {
    const playback = this.#catalogue.playback(route.videoUuid);
    if (playback === null) return this.#refuse(exchange, 404, 'No such live or replay.');
    const send = (open: boolean): Promise<void> | void => {
      this.requests[playback.kind === 'replay' ? 'replay' : 'playlist'] += 1;
      const isMultivariant = route.kind === 'multivariant';
      if (playback.kind === 'replay') return this.#replays.send(exchange, playback.sessionId, isMultivariant, open);
      if (isMultivariant) return this.#live.sendMultivariant(exchange, playback.edge, open);
      if (directives !== null) return this.#live.sendMedia(exchange, playback.edge, directives, open);
      sendText(exchange, 400, '_HLS_msn and _HLS_part must be whole numbers, a part with its segment; _HLS_skip is YES or v2.');
    };
    return this.#ifAllowed(exchange, [playback], send);
  }

  #sendMedia(exchange: Exchange, route: Route & { kind: 'range' | 'part' }): Promise<void> | void {
    const owners = this.#catalogue.ownersOfMedia(route.sessionId);
    if (owners === null) return this.#refuse(exchange, 404, 'No such media.');
    const { rights, edge } = owners;
    return this.#ifAllowed(exchange, rights, (open) => {
      this.requests[edge === null ? 'replay' : route.kind === 'part' ? 'part' : 'segment'] += 1;
      if (route.kind === 'part') return this.#media.sendPart(exchange, route, edge, open);
      return this.#media.sendRange(exchange, route, edge, open);
    });
  }

  /** Sends what everybody may see, or who asks; `open`: caches may keep it. */
  #ifAllowed(exchange: Exchange, rights: readonly Rights[], send: (open: boolean) => Promise<void> | void): Promise<void> | void {
    if (rights.some(isOpen)) return send(true);
    return this.#mayWatchAny(exchange.header('authorization'), rights).then((may) =>
      may ? send(false) : this.#refuse(exchange, 403, 'This video is private.'),
    );
  }

  #refuse(exchange: Exchange, status: number, text: string, headers?: Headers): void {
    this.requests.refused += 1;
    sendText(exchange, status, text, headers);
  }

  async #mayWatchAny(authorization: string | undefined, rights: readonly Rights[]): Promise<boolean> {
    for (const each of rights) if (await this.#mayWatch(authorization, each)) return true;
    return false;
  }
}

function isOpen(rights: Rights): boolean {
  return rights.privacy === 1 || rights.privacy === 2;
}
