import type { FastifySchemaCompiler } from 'fastify';
import type { $ZodType, $ZodIssue } from 'zod/v4/core';
import { safeParse } from 'zod/v4/core';
import { coerce } from './coerce.ts';
import { Problem } from './problem.ts';
import type { InvalidParam } from './problem.ts';

const SECRET = /password|secret|token/i;
const SHOWN_LENGTH = 100;

const LOCATIONS: Readonly<Record<string, InvalidParam['location']>> = {
  body: 'body',
  querystring: 'query',
  params: 'params',
  headers: 'headers',
};

/** Checks each part of a request against its schema, in the types the schema asks for; the problem names the field, the limit and the value. */
export const validatorCompiler: FastifySchemaCompiler<$ZodType> = ({ schema, httpPart }) => {
  const location = LOCATIONS[httpPart ?? 'body'] ?? 'body';
  return (data: unknown) => {
    if (holdsNul(data))
      return { error: new Problem(400, 'Incorrect request parameters: text must not hold the character U+0000.') };
    const given = coerce(schema, data ?? undefined);
    const result = safeParse(schema, given);
    return result.success ? { value: result.data } : { error: invalidRequest(result.error.issues, given, location) };
  };
};

// PostgreSQL keeps no such text.
function holdsNul(data: unknown): boolean {
  if (typeof data === 'string') return data.includes('\0');
  return typeof data === 'object' && data !== null && Object.values(data).some(holdsNul);
}

function invalidRequest(issues: readonly $ZodIssue[], data: unknown, location: InvalidParam['location']): Problem {
  const invalidParams: Record<string, InvalidParam> = {};
  const sentences: string[] = [];
  for (const issue of issues) {
    const field = issue.path.join('.') || location;
    if (invalidParams[field]) continue;
    const value = valueAt(data, issue.path);
    const isSecret = SECRET.test(field);
    invalidParams[field] = {
      location,
      msg: issue.message,
      ...(isSecret || value === undefined ? {} : { value: shortened(value) }),
    };
    sentences.push(`${field}: ${issue.message}${isSecret ? '' : `; got ${shown(value)}`}`);
  }
  return new Problem(400, `Incorrect request parameters: ${sentences.join('. ')}`, { invalidParams });
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    data,
  );
}

function shortened(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'boolean' || value === null
    ? value
    : shown(value).replace(/^"(.*)"$/s, '$1');
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}… (${text.length - 2} characters)` : text;
}
