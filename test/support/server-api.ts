import { http } from './http.ts';
import type { Server } from './server.ts';

/** A live, as one who owns it needs it. */
export interface OwnLive {
  readonly id: number;
  readonly uuid: string;
  readonly streamKey: string;
  /** Where encoders publish to. */
  readonly rtmpUrl: string;
  /** Where players begin: its multivariant playlist. */
  readonly playlistUrl: string;
}

export interface SessionJson {
  readonly uuid: string;
  readonly startDate: string;
  readonly endDate: string | null;
  readonly error: number | null;
  readonly endReason: string | null;
  readonly endingProcessed: boolean;
  readonly recordedMs: number;
  readonly recordedBytes: number;
  readonly gaps: readonly { beganAt: string; endedAt: string }[];
  readonly replayVideo?: { readonly uuid: string };
}

/** The server's REST API as its user root uses it. */
export class ServerApi {
  readonly #server: Server;
  readonly #token: string;

  static async signIn(server: Server): Promise<ServerApi> {
    const client = await json<{ client_id: string; client_secret: string }>(`${server.url}/api/v1/oauth-clients/local`);
    const body = new URLSearchParams({
      ...client,
      grant_type: 'password',
      username: 'root',
      password: server.password,
    }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const { access_token: token } = await json<{ access_token: string }>(`${server.url}/api/v1/users/token`, {
      method: 'POST',
      headers,
      body,
    });
    return new ServerApi(server, token);
  }

  private constructor(server: Server, token: string) {
    this.#server = server;
    this.#token = token;
  }

  /** For other clients. */
  get token(): string {
    return this.#token;
  }

  async call<T>(method: string, path: string, fields?: object): Promise<T> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.#token}` };
    if (fields !== undefined) headers['content-type'] = 'application/json';
    return json<T>(`${this.#server.url}/api/v1${path}`, {
      method,
      headers,
      ...(fields === undefined ? {} : { body: JSON.stringify(fields) }),
    });
  }

  /** A permanent live whose sessions are kept as replays, unless `fields` say otherwise. */
  async addLive(name: string, fields: object = {}): Promise<OwnLive> {
    const channels = await this.call<{ videoChannels: { id: number }[] }>('GET', '/users/me');
    const body = {
      channelId: channels.videoChannels[0].id,
      name,
      permanentLive: true,
      saveReplay: true,
      replaySettings: { privacy: 1 },
      ...fields,
    };
    const { video } = await this.call<{ video: { id: number; uuid: string } }>('POST', '/videos/live', body);
    const { streamKey } = await this.call<{ streamKey: string }>('GET', `/videos/live/${video.uuid}`);
    return { ...video, streamKey, rtmpUrl: this.#server.rtmpUrl(streamKey), playlistUrl: this.playlistUrl(video.uuid) };
  }

  /** The multivariant playlist of a live or a replay. */
  playlistUrl(uuid: string): string {
    return `${this.#server.url}/static/streaming-playlists/hls/${uuid}/master.m3u8`;
  }

  /** All sessions of a live, the oldest first. */
  async sessions(live: OwnLive): Promise<SessionJson[]> {
    return (await this.call<{ data: SessionJson[] }>('GET', `/videos/live/${live.uuid}/sessions?count=100&sort=startDate`)).data;
  }
}

async function json<T>(url: string, ask: Parameters<typeof http>[1] = {}): Promise<T> {
  const { status, text } = await http(url, ask);
  if (status < 200 || status > 299) throw new Error(`${ask.method ?? 'GET'} ${url}: ${status}: ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}
