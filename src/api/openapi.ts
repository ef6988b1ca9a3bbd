import swagger from '@fastify/swagger';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { FastifyInstance } from 'fastify';
import type { ApiSettings } from './context.ts';
import { tidyDocument } from './openapi-document.ts';
import type { OpenApiDocument } from './openapi-document.ts';

// zod writes the range of safe integers at every integer: that says nothing of ours.
const zodToJsonConfig = {
  override({ jsonSchema }: { jsonSchema: { minimum?: number; maximum?: number } }): void {
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  },
};

/** Serves the OpenAPI document of the routes that are registered after it, made from the schemas that check them. */
export async function registerOpenApi(app: FastifyInstance, settings: ApiSettings): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Reprise',
        version: settings.version,
        description: "The REST API of Reprise, after PeerTube's contract for lives. Errors are problem+json (RFC 7807).",
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } as { name: string },
      },
      servers: [{ url: settings.publicUrl }],
      components: {
        securitySchemes: {
          oauth2: { type: 'oauth2', flows: { password: { tokenUrl: `${settings.publicUrl}/api/v1/users/token`, scopes: {} } } },
        },
      },
    },
    transform: createJsonSchemaTransform({ zodToJsonConfig }),
    transformObject: createJsonSchemaTransformObject({ zodToJsonConfig }),
  });
  let document: OpenApiDocument | null = null;
  app.get(
    '/openapi.json',
    { schema: { hide: true } },
    () => (document ??= tidyDocument(app.swagger() as unknown as OpenApiDocument)),
  );
}
