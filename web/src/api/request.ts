import { ApiError, parseProblem } from './api-error.ts';

/** What a call sends. */
export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  body?: FormData | URLSearchParams;
  token?: string | null;
  signal?: AbortSignal;
}

/** Calls the REST API and reads its JSON; throws `ApiError`. */
export async function request<T>(path: string, call: Call = {}): Promise<T> {
  const headers = new Headers({ accept: 'application/json' });
  if (call.token) headers.set('authorization', `Bearer ${call.token}`);
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(`/api/v1${path}`, {
      method: call.method ?? 'GET',
      headers,
      body: call.body ?? null,
      signal: call.signal ?? null,
    });
    text = await answer.text();
  } catch (cause) {
    if (call.signal?.aborted) throw cause;
    throw new ApiError(0, 'unreachable', '', cause);
  }
  if (!answer.ok) throw parseProblem(answer.status, text);
  try {
    return (text === '' ? undefined : JSON.parse(text)) as T;
  } catch (cause) {
    throw new ApiError(0, 'unreadable', '', cause);
  }
}
