/** The codes of errors that have one. Those of PeerTube and of OAuth keep their names. docs/api.md is made from this. */
export const PROBLEMS = {
  invalid_client: { http: 400, text: 'Signing in: the client is not the one that `GET /oauth-clients/local` tells.' },
  invalid_grant: {
    http: 400,
    text: 'Signing in: wrong name or password, or a refresh token that is unknown, spent or has run out.',
  },
  invalid_request: { http: 400, text: 'Signing in: the grant lacks a field.' },
  unsupported_grant_type: { http: 400, text: 'Signing in: the grant is neither `password` nor `refresh_token`.' },
  access_denied: { http: 400, text: 'Signing in: the user is blocked.' },
  invalid_token: { http: 401, text: 'The access token is unknown, has run out, or was revoked. Refresh it.' },
  live_not_enabled: { http: 403, text: 'The server does not listen for publishers.' },
  max_instance_lives_limit_reached: { http: 403, text: 'The server has as many lives as it may have.' },
  max_user_lives_limit_reached: { http: 403, text: 'The owner of the channel has as many lives as they may have.' },
  too_many_requests: { http: 429, text: 'Too many calls, or logins, from one address. `Retry-After` says when to try again.' },
  too_many_logins: { http: 503, text: 'Too many logins wait to be checked. `Retry-After` says when to try again.' },
  database_unavailable: {
    http: 503,
    text: 'The database does not answer. What is on air goes on. `Retry-After` says when to try again.',
  },
} as const satisfies Record<string, { http: number; text: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One field of a request that will not do. `value` is what was sent, unless it is a secret. */
export interface InvalidParam {
  readonly location: 'body' | 'query' | 'params' | 'headers';
  readonly msg: string;
  readonly value?: unknown;
}

interface ProblemOptions {
  readonly code?: ProblemCode;
  readonly invalidParams?: Readonly<Record<string, InvalidParam>>;
  readonly retryAfterS?: number;
  readonly cause?: unknown;
}

/** An answer of the API that is not a success, as RFC 7807 tells it. */
export class Problem extends Error {
  readonly statusCode: number;
  readonly problemCode: ProblemCode | undefined;
  readonly invalidParams: Readonly<Record<string, InvalidParam>> | undefined;
  readonly retryAfterS: number | undefined;

  constructor(status: number, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause });
    this.name = 'Problem';
    this.statusCode = status;
    this.problemCode = options.code;
    this.invalidParams = options.invalidParams;
    this.retryAfterS = options.retryAfterS;
  }
}

/** A problem with a code of the table, which knows its status. */
export function problem(code: ProblemCode, detail: string, options: Omit<ProblemOptions, 'code'> = {}): Problem {
  return new Problem(PROBLEMS[code].http, detail, { ...options, code });
}

/** A body field that passed the schema but not our rules. */
export function invalidField(field: string, value: unknown, msg: string): Problem {
  const detail = `Incorrect request parameters: ${field}: ${msg}`;
  return new Problem(400, detail, { invalidParams: { [field]: { location: 'body', msg, value } } });
}
