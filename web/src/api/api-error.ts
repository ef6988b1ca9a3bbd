/** The server's refusal (RFC 9457 problem), or status 0 when it did not answer. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, detail: string, cause?: unknown) {
    super(detail, cause === undefined ? undefined : { cause });
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
  }
}

/** Reads a refusal's body, whatever it is. */
export function parseProblem(status: number, body: string): ApiError {
  try {
    const problem = JSON.parse(body) as { code?: unknown; detail?: unknown; error?: unknown; title?: unknown };
    const detail = [problem.detail, problem.error, problem.title].find((text) => typeof text === 'string' && text !== '');
    return new ApiError(status, typeof problem.code === 'string' ? problem.code : '', typeof detail === 'string' ? detail : '');
  } catch {
    return new ApiError(status, '', '');
  }
}
