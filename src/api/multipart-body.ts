import type { MultipartValue } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { parseFormFields } from './form-fields.ts';
import { Problem } from './problem.ts';

/** A hook that turns the fields of a multipart form into the body that JSON would have given. Files are refused by name. */
export async function readMultipartBody(request: FastifyRequest): Promise<void> {
  if (!request.isMultipart()) return;
  const fields: [string, string][] = [];
  const files: string[] = [];
  try {
    for await (const part of request.parts()) {
      if (part.type === 'file') {
        files.push(part.fieldname);
        part.file.resume();
      } else {
        fields.push([part.fieldname, textOf(part)]);
      }
    }
  } catch (cause) {
    // The parser's own errors have no status: a form that breaks off, or has no boundary.
    if (cause instanceof Error && !('statusCode' in cause))
      throw new Problem(400, `The form cannot be read: ${cause.message}.`, { cause });
    throw cause;
  }
  if (files.length > 0) {
    const msg = 'Pictures are not stored by this server yet: leave the file out';
    const invalidParams = Object.fromEntries(files.map((name) => [name, { location: 'body' as const, msg }]));
    throw new Problem(400, `Incorrect request parameters: ${files.map((name) => `${name}: ${msg}`).join('. ')}`, {
      invalidParams,
    });
  }
  request.body = parseFormFields(fields);
}

// A part of type application/json comes parsed.
function textOf(part: MultipartValue): string {
  return typeof part.value === 'string' ? part.value : JSON.stringify(part.value);
}
