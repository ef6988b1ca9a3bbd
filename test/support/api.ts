import { createApi } from '../../src/api/server.ts';
import { Authenticator } from '../../src/api/authenticator.ts';
import { DEFAULT_API_LIMITS } from '../../src/api/context.ts';
import { ensureRoot } from '../../src/database/first-start.ts';
import { insertChannel } from '../../src/database/channels.ts';
import { hashPassword } from '../../src/database/password.ts';
import { applySessionFacts } from '../../src/database/sessions.ts';
import { insertUser } from '../../src/database/users.ts';
import { createLog } from '../../src/log.ts';
import { withDatabase } from './postgres.ts';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import type { ApiSettings, HealthDoor } from '../../src/api/context.ts';
import type { LivesDoor } from '../../src/api/lives-seam.ts';
import type { AttemptRow } from '../../src/database/attempts.ts';
import type { Database } from '../../src/database/database.ts';
import type { SessionFact } from '../../src/ledger/session-fact.ts';
import type { TestContext } from 'node:test';

export const ROOT_PASSWORD = 'a root password';

export const TEST_SETTINGS: ApiSettings = {
  publicUrl: 'http://live.example:9000',
  rtmpPublicUrl: 'rtmp://live.example:1935/live',
  rtmpPort: 1935,
  dvrMaxWindowS: 3600,
  reconnectWindowMs: 15_000,
  instanceName: 'Test',
  version: '0.0.0',
  limits: { ...DEFAULT_API_LIMITS, logins: -1 },
};

/** A server on which all is well. */
export const WELL: HealthDoor = {
  receiving: () => true,
  read: () =>
    Promise.resolve({
      receiving: true,
      database: { ok: true, latencyMs: 1 },
      ledger: { pending: 0, degraded: false },
      lives: { lives: 0, onAir: 0, recordingsFailing: 0 },
    }),
};

/** Remembers what the API told the room `lives`. */
export class DoorDiary implements LivesDoor {
  /** What the API asks it for. */
  attempted: AttemptRow[] = [];
  known: { id: number; uuid: string; ownerId: number }[] = [];
  readonly attempts = { of: (uuid: string): AttemptRow[] => this.attempted.filter(({ videoUuid }) => videoUuid === uuid) };
  find(reference: { id: number } | { uuid: string }): { uuid: string; ownerId: number } | null {
    return this.known.find(({ id, uuid }) => ('id' in reference ? reference.id === id : reference.uuid === uuid)) ?? null;
  }
  readonly restarts = { plan: () => [], list: () => [], cancel: () => false };
  readonly said: { call: string; [field: string]: unknown }[] = [];
  put(live: object): void {
    this.said.push({ call: 'put', ...live });
  }
  async remove(videoUuid: string): Promise<void> {
    this.said.push({ call: 'remove', videoUuid });
  }
  putReplay(replay: object): void {
    this.said.push({ call: 'putReplay', ...replay });
  }
  async removeReplay(replay: object): Promise<void> {
    this.said.push({ call: 'removeReplay', ...replay });
  }
  /** What was said since it was last asked. */
  take(): { call: string; [field: string]: unknown }[] {
    return this.said.splice(0);
  }
}

/** A request to the API: `as` is whose access token goes with it. */
export interface Call {
  readonly method?: InjectOptions['method'];
  readonly url: string;
  readonly as?: string;
  readonly body?: unknown;
  readonly form?: string;
  readonly headers?: Record<string, string>;
  readonly remoteAddress?: string;
}

/** The API on a database of its own, with a root whose channel has number 1. */
export class ApiHarness {
  readonly app: FastifyInstance;
  readonly database: Database;
  readonly authenticator: Authenticator;
  readonly door: DoorDiary;

  private constructor(app: FastifyInstance, database: Database, authenticator: Authenticator, door: DoorDiary) {
    this.app = app;
    this.database = database;
    this.authenticator = authenticator;
    this.door = door;
  }

  /** `lives`: the room itself, for what the diary does not answer. */
  static async open(t: TestContext, changes: Partial<ApiSettings> = {}, lives?: LivesDoor): Promise<ApiHarness> {
    const database = await withDatabase(t);
    await ensureRoot(database, { password: ROOT_PASSWORD, dvrWindowS: 3600 });
    const authenticator = new Authenticator(database);
    const door = new DoorDiary();
    const settings = { ...TEST_SETTINGS, ...changes };
    const app = await createApi({
      database,
      lives: lives ?? door,
      authenticator,
      health: WELL,
      settings,
      log: createLog('silent'),
    });
    await app.ready();
    t.after(() => app.close());
    return new ApiHarness(app, database, authenticator, door);
  }

  call({
    method = 'GET',
    url,
    as,
    body,
    form,
    headers = {},
    remoteAddress = '127.0.0.1',
  }: Call): Promise<LightMyRequestResponse> {
    const authorization = as === undefined ? {} : { authorization: `Bearer ${as}` };
    const type = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    const payload = form ?? (body as object | undefined);
    return this.app.inject({
      method,
      url: `/api/v1${url}`,
      headers: { ...authorization, ...type, ...headers },
      remoteAddress,
      ...(payload === undefined ? {} : { payload }),
    });
  }

  /** The call's answer as JSON, which must have the status. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read what they assert
  async json<Answer = any>(call: Call, status = 200): Promise<Answer> {
    const answer = await this.call(call);
    if (answer.statusCode !== status)
      throw new Error(`${call.method ?? 'GET'} ${call.url}: ${answer.statusCode}, not ${status}: ${answer.body}`);
    return (answer.body === '' ? undefined : answer.json()) as Answer;
  }

  async signIn(username = 'root', password = ROOT_PASSWORD): Promise<string> {
    const client = await this.json<{ client_id: string; client_secret: string }>({ url: '/oauth-clients/local' });
    const form = new URLSearchParams({ ...client, grant_type: 'password', username, password }).toString();
    return (await this.json<{ access_token: string }>({ method: 'POST', url: '/users/token', form })).access_token;
  }

  /** Another user with a channel `<name>_channel`, signed in. */
  async addUser(username: string, role: 0 | 1 | 2 = 2): Promise<{ token: string; userId: number; channelId: number }> {
    const passwordHash = await hashPassword(`password of ${username}`);
    const userId = await insertUser(this.database, { username, email: `${username}@example.org`, passwordHash, role });
    if (userId === null) throw new Error(`There is a user ${username} already.`);
    const channelId = await insertChannel(this.database, { userId, name: `${username}_channel`, displayName: username });
    return { token: await this.signIn(username, `password of ${username}`), userId, channelId };
  }

  /** A live made through the API. */
  async addLive(as: string, fields: object = {}): Promise<{ id: number; uuid: string; shortUUID: string }> {
    const body = { channelId: 1, name: 'A live', permanentLive: true, ...fields };
    const { video } = await this.json<{ video: { id: number; uuid: string; shortUUID: string } }>({
      method: 'POST',
      url: '/videos/live',
      as,
      body,
    });
    return video;
  }

  /** A session of a live, from the fact that the ledger would have brought; when it has ended it has a replay. */
  async addSession(
    videoUuid: string,
    session: {
      id: string;
      startedAt: Date;
      endedAt: Date | null;
      replayPrivacy?: number;
      gaps?: SessionFact['gaps'];
      permanent?: boolean;
    },
  ): Promise<void> {
    const { id, startedAt, endedAt, replayPrivacy = 1, gaps = [], permanent = true } = session;
    const fact: SessionFact = {
      sessionId: id,
      revision: 1,
      videoUuid,
      state: endedAt ? 'ended' : 'open',
      startedAt: startedAt.getTime(),
      endedAt: endedAt?.getTime() ?? null,
      endReason: endedAt ? 'unpublished' : null,
      error: null,
      errorDetail: null,
      interruptedAt: null,
      gaps,
      permanent,
      saveReplay: true,
      replayPrivacy,
      reconnectWindowMs: 15_000,
      recordedBytes: 1000,
      recordedMs: 2500,
      width: 640,
      height: 360,
    };
    await this.database.transaction((transaction) => applySessionFacts(transaction, [fact]));
  }
}
