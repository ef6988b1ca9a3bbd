import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Lives } from '../lives/lives.ts';
import type { Logger } from '../log.ts';
import { sendPreflight, sendText } from './answer.ts';
import { EdgeWaiters } from './edge-waiters.ts';
import { LivePlaylists } from './live-playlists.ts';
import { MediaFiles } from './media-files.ts';
import { ReplayPlaylists } from './replay-playlists.ts';
import { isDeliveryPath, parseDirectives, parseRoute } from './route.ts';
import type { Route } from './route.ts';

/** What decides who may watch: privacy as in the REST contract (1 public, 2 unlisted, 3 private, 4 internal), and whose it is. */
export interface Rights {
  readonly privacy: number;
  readonly ownerId: number;
}

export interface DeliveryOptions {
  readonly lives: Lives;
  readonly log: Logger;
  /** Asked for what is neither public nor unlisted, with the request's Authorization header. */
  readonly mayWatch: (authorization: string | undefined, rights: Rights) => Promise<boolean>;
  readonly now?: () => number;
}

/** HTTP for players: playlists, parts, segments, of lives and replays alike. */
export class Delivery {
  /** Requests so far. `replay`: of what no live's playlist names any more; `refused`: no such path, live or media, or no right to it. */
  readonly requests = { playlist: 0, part: 0, segment: 0, replay: 0, refused: 0 };
  /** Requests that a mistake of ours kept from their answer. */
  failures = 0;
  readonly #lives: Lives;
  readonly #log: Logger;
  readonly #mayWatch: DeliveryOptions['mayWatch'];
  readonly #waiters: EdgeWaiters;
  readonly #live: LivePlaylists;
  readonly #replays: ReplayPlaylists;
  readonly #media: MediaFiles;

  constructor(options: DeliveryOptions) {
    const now = options.now ?? Date.now;
    const failed = (response: ServerResponse | null, error: unknown): void => this.#failed(response, error);
    this.#lives = options.lives;
    this.#log = options.log;
    this.#mayWatch = options.mayWatch;
    this.#waiters = new EdgeWaiters(now, failed);
    this.#live = new LivePlaylists(this.#waiters, now);
    this.#replays = new ReplayPlaylists(options.lives.shelf);
    this.#media = new MediaFiles(options.lives.shelf.directory, this.#waiters, now, (error) => failed(null, error));
  }

  /** Answers the request if its path is delivery's; false leaves it to others. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const url = request.url ?? '/';
    const question = url.indexOf('?');
    const path = question < 0 ? url : url.slice(0, question);
    if (!isDeliveryPath(path)) return false;
    this.#answer(request, response, path, question < 0 ? '' : url.slice(question + 1)).catch((error: unknown) =>
      this.#failed(response, error),
    );
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

  #failed(response: ServerResponse | null, error: unknown): void {
    this.failures += 1;
    this.#log.error({ path: response?.req.url, err: error }, 'delivery failed');
    if (response === null) return;
    if (response.headersSent) response.destroy();
    else sendText(response, 500, 'The server made a mistake.');
  }

  async #answer(request: IncomingMessage, response: ServerResponse, path: string, query: string): Promise<void> {
    if (request.method === 'OPTIONS') return sendPreflight(response);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return this.#refuse(response, 405, 'Only GET, HEAD and OPTIONS.', { Allow: 'GET, HEAD, OPTIONS' });
    }
    const route = parseRoute(path);
    if (route === null) return this.#refuse(response, 404, 'No such path.');
    if (route.kind === 'range' || route.kind === 'part') return this.#sendMedia(request, response, route);
    const loading = this.#lives.loading(route);
    if (loading !== null) await loading;
    const playback = this.#lives.playback(route.videoUuid);
    if (playback === null) return this.#refuse(response, 404, 'No such live or replay.');
    const open = isOpen(playback);
    if (!open && !(await this.#mayWatch(request.headers.authorization, playback)))
      return this.#refuse(response, 403, 'This video is private.');
    this.requests[playback.kind === 'replay' ? 'replay' : 'playlist'] += 1;
    if (playback.kind === 'replay') return this.#replays.send(request, response, playback.sessionId, route.kind, open);
    if (route.kind === 'multivariant') return this.#live.sendMultivariant(request, response, playback.edge, open);
    const directives = parseDirectives(new URLSearchParams(query));
    if (directives === null)
      return sendText(
        response,
        400,
        '_HLS_msn and _HLS_part must be whole numbers, a part with its segment; _HLS_skip is YES or v2.',
      );
    this.#live.sendMedia(request, response, playback.edge, directives, open);
  }

  async #sendMedia(request: IncomingMessage, response: ServerResponse, route: Route & { kind: 'range' | 'part' }): Promise<void> {
    const loading = this.#lives.loading(route);
    if (loading !== null) await loading;
    const owners = this.#lives.ownersOfMedia(route.sessionId);
    if (owners === null) return this.#refuse(response, 404, 'No such media.');
    const { rights, edge } = owners;
    const open = rights.some(isOpen);
    if (!open && !(await this.#mayWatchAny(request.headers.authorization, rights)))
      return this.#refuse(response, 403, 'This video is private.');
    this.requests[edge === null ? 'replay' : route.kind === 'part' ? 'part' : 'segment'] += 1;
    if (route.kind === 'part') return this.#media.sendPart(request, response, route, edge, open);
    return this.#media.sendRange(request, response, route, edge, open);
  }

  #refuse(response: ServerResponse, status: number, text: string, headers?: OutgoingHttpHeaders): void {
    this.requests.refused += 1;
    sendText(response, status, text, headers);
  }

  async #mayWatchAny(authorization: string | undefined, rights: readonly Rights[]): Promise<boolean> {
    for (const each of rights) if (await this.#mayWatch(authorization, each)) return true;
    return false;
  }
}

function isOpen(rights: Rights): boolean {
  return rights.privacy === 1 || rights.privacy === 2;
}
