import { setTimeout as sleep } from 'node:timers/promises';
import type {
  List,
  LiveVideo,
  LiveVideoCreate,
  LiveVideoCreated,
  LiveVideoSession,
  MyUser,
  ProblemAnswer,
  Tokens,
} from '../../api/contract.ts';
import type { HttpClient } from './http-client.ts';

/** How to sign in. */
export type Credentials = { readonly token: string } | { readonly user: string; readonly password: string };

/** A live as the drill needs it. */
export interface OwnLive {
  readonly uuid: string;
  readonly name: string;
  readonly streamKey: string;
  /** As the server tells it: rtmp://host:port/live */
  readonly rtmpUrl: string | null;
}

/** The server said no, or nothing that helps. */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

const TRIES = 20;
/** A call is given up then, whatever may be tried. */
const PATIENCE_MS = 60_000;
const LONGEST_WAIT_S = 10;

/** The REST API, as a patient client: it waits when it is told to (429 and 503 with Retry-After). */
export class ApiClient {
  readonly #http: HttpClient;
  readonly #token: string;
  #channelId = 0;

  static async signIn(http: HttpClient, credentials: Credentials): Promise<ApiClient> {
    if ('token' in credentials) return new ApiClient(http, credentials.token);
    const anyone = new ApiClient(http, '');
    const client = await anyone.#call<{ client_id: string; client_secret: string }>('GET', '/oauth-clients/local');
    const { user: username, password } = credentials;
    const tokens = await anyone.#call<Tokens>('POST', '/users/token', { ...client, grant_type: 'password', username, password });
    return new ApiClient(http, tokens.access_token);
  }

  private constructor(http: HttpClient, token: string) {
    this.#http = http;
    this.#token = token;
  }

  /** A new live in the first channel of who is signed in. */
  async createLive(name: string, fields: Partial<LiveVideoCreate>): Promise<OwnLive> {
    if (this.#channelId === 0) this.#channelId = (await this.#call<MyUser>('GET', '/users/me')).videoChannels[0]?.id ?? 0;
    const body: LiveVideoCreate = { channelId: this.#channelId, name, ...fields };
    const { video } = await this.#call<LiveVideoCreated>('POST', '/videos/live', body);
    const { streamKey, rtmpUrl } = await this.#call<LiveVideo>('GET', `/videos/live/${video.uuid}`);
    if (streamKey === undefined) throw new ApiError(403, 'The server does not tell the stream key of a live just made.');
    return { uuid: video.uuid, name, streamKey, rtmpUrl: rtmpUrl ?? null };
  }

  /** All sessions of a live, the oldest first. */
  async sessions(uuid: string): Promise<LiveVideoSession[]> {
    const all: LiveVideoSession[] = [];
    for (;;) {
      const page = await this.#call<List<LiveVideoSession>>(
        'GET',
        `/videos/live/${uuid}/sessions?count=100&start=${all.length}&sort=startDate`,
      );
      all.push(...page.data);
      if (page.data.length === 0 || all.length >= page.total) return all;
    }
  }

  /** Deletes a live or a replay; that it is gone already is fine. */
  async deleteVideo(uuid: string): Promise<void> {
    try {
      await this.#call('DELETE', `/videos/${uuid}`);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }

  /** Resolves when the API answers who we are; rejects past `withinMs`. */
  async ready(withinMs: number): Promise<void> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      try {
        await this.#call('GET', '/users/me', undefined, 1);
        return;
      } catch (error) {
        if (performance.now() > deadline) throw new Error('the API does not answer', { cause: error });
        await sleep(100);
      }
    }
  }

  async #call<T>(method: string, path: string, fields?: object, tries = TRIES): Promise<T> {
    const headers: Record<string, string> = this.#token === '' ? {} : { authorization: `Bearer ${this.#token}` };
    if (fields !== undefined) headers['content-type'] = 'application/json';
    const deadline = performance.now() + PATIENCE_MS;
    for (let left = tries; ; left -= 1) {
      const answer = await this.#http.ask(`/api/v1${path}`, {
        method,
        headers,
        ...(fields === undefined ? {} : { body: JSON.stringify(fields) }),
      });
      const text = answer.body.toString();
      if (answer.status >= 200 && answer.status < 300) return (text === '' ? undefined : JSON.parse(text)) as T;
      const mayWait = answer.status === 429 || answer.status === 503;
      if (!mayWait || left <= 1 || performance.now() > deadline)
        throw new ApiError(answer.status, `${method} ${path}: ${answer.status}: ${detailOf(text)}`);
      await sleep(Math.min(LONGEST_WAIT_S, Number(answer.headers['retry-after'] ?? 1) || 1) * 1000);
    }
  }
}

function detailOf(text: string): string {
  try {
    return (JSON.parse(text) as ProblemAnswer).detail;
  } catch {
    return text.slice(0, 200);
  }
}
