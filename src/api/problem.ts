/** What the API may answer with besides success: code -> status. Codes of PeerTube keep their names. docs/api.md lists the same. */
export const PROBLEMS = {
  invalid_client: 400,
  invalid_grant: 400,
  invalid_request: 400,
  unsupported_grant_type: 400,
  access_denied: 400,
  invalid_token: 401,
  live_not_enabled: 403,
  max_instance_lives_limit_reached: 403,
  max_user_lives_limit_reached: 403,
  too_many_requests: 429,
  too_many_logins: 503,
  database_unavailable: 503,
} as const;

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
  return new Problem(PROBLEMS[code], detail, { ...options, code });
}

/** A body field that passed the schema but not our rules. */
export function invalidField(field: string, value: unknown, msg: string): Problem {
  const detail = `Incorrect request parameters: ${field}: ${msg}`;
  return new Problem(400, detail, { invalidParams: { [field]: { location: 'body', msg, value } } });
}
