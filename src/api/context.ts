import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Database } from '../database/database.ts';
import type { Logger } from '../log.ts';
import type { Authenticator } from './authenticator.ts';
import type { RoomsHealth } from './health.ts';
import type { InOrder } from './in-order.ts';
import type { LivesDoor } from './lives-seam.ts';
import type { Login } from './login.ts';

/** What the server's settings say to the API. */
export interface ApiSettings {
  /** Where browsers reach this server, without a slash at the end. */
  readonly publicUrl: string;
  /** Where publishers reach it, `rtmp://host:port/live`; null when RTMP is off. */
  readonly rtmpPublicUrl: string | null;
  readonly rtmpPort: number;
  readonly dvrMaxWindowS: number;
  /** The reconnect window of lives that do not set one. */
  readonly reconnectWindowMs: number;
  readonly instanceName: string;
  readonly version: string;
  readonly limits: ApiLimits;
}

/** Limits of the API; -1 means none. */
export interface ApiLimits {
  readonly calls: number;
  readonly callsWindowMs: number;
  readonly logins: number;
  readonly loginsWindowMs: number;
  readonly livesOfInstance: number;
  readonly livesOfUser: number;
}

/** Generous enough for pages that poll; PeerTube's 50 calls in 10 s would stop them. */
export const DEFAULT_API_LIMITS: ApiLimits = {
  calls: 1_000,
  callsWindowMs: 10_000,
  logins: 15,
  loginsWindowMs: 300_000,
  livesOfInstance: -1,
  livesOfUser: -1,
};

/** How the other rooms are; neither may reject or take long. */
export interface HealthDoor {
  /** Publishers are let in. */
  receiving(): boolean;
  read(): Promise<RoomsHealth>;
}

/** What the API needs of the other rooms. */
export interface ApiDependencies {
  readonly database: Database;
  readonly lives: LivesDoor;
  readonly authenticator: Authenticator;
  readonly health: HealthDoor;
  readonly settings: ApiSettings;
  readonly log: Logger;
}

/** What every route is given. */
export interface ApiContext extends ApiDependencies {
  readonly login: Login;
  readonly inOrder: InOrder;
}

/** A server whose routes are typed by their zod schemas. */
export type ApiServer = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;
