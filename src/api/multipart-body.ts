import type { MultipartValue } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { parseFormFields } from './form-fields.ts';
import { Problem } from './problem.ts';

/** A hook that turns the fields of a multipart form into the body that JSON would have given. Files are refused by name. */
export async function readMultipartBody(request: FastifyRequest): Promise<void> {
  if (!request.isMultipart()) return;
  const fields: [string, string][] = [];
  const files: string[] = [];
  for await (const part of request.parts()) {
    if (part.type === 'file') {
      files.push(part.fieldname);
      part.file.resume();
    } else {
      fields.push([part.fieldname, textOf(part)]);
    }
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
