import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { CommitUnknown } from '../database/database.ts';
import { failureKind } from '../database/transaction.ts';
import type { Logger } from '../log.ts';
import { Problem, problem } from './problem.ts';

/** Answers every error of a route as RFC 7807 asks; what is no Problem of ours is a bug: logged with its stack, told as 500. */
export function problemAnswerer(
  publicUrl: string,
  log: Logger,
): (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  return (error, request, reply) => {
    const it = asProblem(error);
    if (it.statusCode >= 500)
      log.error({ err: error, method: request.method, url: request.routeOptions.url }, 'an API call failed');
    if (it.retryAfterS !== undefined) reply.header('retry-after', it.retryAfterS);
    if (it.statusCode === 401) reply.header('www-authenticate', 'Bearer');
    return reply
      .code(it.statusCode)
      .header('content-type', 'application/problem+json; charset=utf-8')
      .send(problemJson(it, publicUrl));
  };
}

/** For paths that no route answers. */
export function answerNotFound(publicUrl: string): (request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  return (request, reply) => {
    const body = problemJson(new Problem(404, `There is no ${request.method} ${request.url.split('?')[0]}.`), publicUrl);
    return reply.code(404).header('content-type', 'application/problem+json; charset=utf-8').send(body);
  };
}

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof CommitUnknown || failureKind(error) !== 'other') {
    return problem('database_unavailable', 'The database does not answer. Try again in a few seconds.', {
      retryAfterS: 5,
      cause: error,
    });
  }
  const status = (error as Partial<FastifyError>).statusCode ?? 500;
  // Of the framework: a body too large, unreadable JSON, an unknown content type.
  if (status >= 400 && status < 500) return new Problem(status, (error as Error).message, { cause: error });
  return new Problem(500, 'Internal server error. The server log has the details.', { cause: error });
}

// A string, not an object: the body is no route's answer and has no schema.
function problemJson(it: Problem, publicUrl: string): string {
  return JSON.stringify({
    type: it.problemCode === undefined ? 'about:blank' : `urn:reprise:error:${it.problemCode}`,
    title: STATUS_CODES[it.statusCode] ?? 'Error',
    detail: it.message,
    status: it.statusCode,
    docs: `${publicUrl}/api/v1/openapi.json`,
    code: it.problemCode,
    error: it.message,
    'invalid-params': it.invalidParams,
  });
}
