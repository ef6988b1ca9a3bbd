interface Operation {
  operationId?: string;
  responses: Record<string, unknown>;
}

/** An OpenAPI 3.1 document, as far as it is worked on here. */
export interface OpenApiDocument {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas?: Record<string, unknown>; securitySchemes?: Record<string, unknown> };
}

const REFERENCE = '#/components/schemas/';

/** RFC 7807, with the contract's `code`, `docs`, `invalid-params` and the older `error`. */
const PROBLEM_SCHEMA = {
  type: 'object',
  required: ['type', 'title', 'detail', 'status', 'docs', 'error'],
  properties: {
    type: { type: 'string', description: 'about:blank, or urn:reprise:error:<code>' },
    title: { type: 'string' },
    detail: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    docs: { type: 'string' },
    error: { type: 'string', description: 'The same as detail, for older clients' },
    'invalid-params': {
      type: 'object',
      additionalProperties: {
        type: 'object',
        required: ['location', 'msg'],
        properties: { location: { enum: ['body', 'query', 'params', 'headers'] }, msg: { type: 'string' }, value: {} },
      },
    },
  },
};

/** The generated document with the error answer at every operation, a name for each, and without schemas that nothing refers to. */
export function tidyDocument(generated: OpenApiDocument): OpenApiDocument {
  const document = structuredClone(generated);
  const content = { 'application/problem+json': { schema: { $ref: `${REFERENCE}Problem` } } };
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      operation.operationId ??= operationId(method, path);
      operation.responses['default'] = { description: 'Not a success', content };
      if (operation.responses['204']) operation.responses['204'] = { description: 'Done' };
    }
  }
  const schemas: Record<string, unknown> = { ...document.components.schemas, Problem: PROBLEM_SCHEMA };
  const wanted = new Set<string>();
  const toRead: unknown[] = [document.paths];
  for (let part = toRead.pop(); part !== undefined; part = toRead.pop()) {
    for (const name of references(part)) {
      if (wanted.has(name)) continue;
      wanted.add(name);
      toRead.push(schemas[name]);
    }
  }
  document.components.schemas = Object.fromEntries(Object.entries(schemas).filter(([name]) => wanted.has(name)));
  return document;
}

/** `GET /api/v1/videos/live/{id}` is `getVideosLiveById`. */
function operationId(method: string, path: string): string {
  const words = path.replace('/api/v1', '').split(/[/-]/).filter(Boolean);
  return method + words.map((word) => (word.startsWith('{') ? `By${capital(word.slice(1, -1))}` : capital(word))).join('');
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function* references(part: unknown): Generator<string> {
  if (typeof part !== 'object' || part === null) return;
  for (const [key, value] of Object.entries(part)) {
    if (key === '$ref' && typeof value === 'string' && value.startsWith(REFERENCE)) yield value.slice(REFERENCE.length);
    else yield* references(value);
  }
}
