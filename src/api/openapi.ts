import swagger from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { FastifyInstance } from 'fastify';
import type { ApiSettings } from './context.ts';

/** Serves the OpenAPI document of the routes that are registered after it, made from the schemas that check them. */
export async function registerOpenApi(app: FastifyInstance, settings: ApiSettings): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Reprise',
        version: settings.version,
        description: "The REST API of Reprise, after PeerTube's contract for lives. Errors are problem+json (RFC 7807).",
      },
      servers: [{ url: settings.publicUrl }],
      components: {
        securitySchemes: { oauth2: { type: 'oauth2', flows: { password: { tokenUrl: `${settings.publicUrl}/api/v1/users/token`, scopes: {} } } } },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}
