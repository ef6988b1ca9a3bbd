import cors from '@fastify/cors';
import formbody from '@fastify/formbody';
import multipart from '@fastify/multipart';
import rateLimit from '@fastify/rate-limit';
import fastify from 'fastify';
import { serializerCompiler } from 'fastify-type-provider-zod';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { FastifyInstance } from 'fastify';
import { answerNotFound, problemAnswerer } from './answer-problems.ts';
import type { ApiContext, ApiDependencies, ApiServer } from './context.ts';
import { parseFormFields } from './form-fields.ts';
import { InOrder } from './in-order.ts';
import { Login } from './login.ts';
import { registerOpenApi } from './openapi.ts';
import { problem } from './problem.ts';
import { registerChannels } from './routes/channels.ts';
import { registerConfig } from './routes/config.ts';
import { registerHealth } from './routes/health.ts';
import { registerLives } from './routes/lives.ts';
import { registerOauth } from './routes/oauth.ts';
import { registerRestarts } from './routes/restarts.ts';
import { registerUsers } from './routes/users.ts';
import { registerVideos } from './routes/videos.ts';
import { validatorCompiler } from './validation.ts';

const PREFIX = '/api/v1';
const PICTURE_LIMIT_BYTES = 8 * 1024 * 1024;
const FIELDS_LIMIT = 200;
const FIELD_LIMIT_BYTES = 64 * 1024;

/** Adds the API to a server, under `/api/v1`; it changes nothing of the other routes of that server. */
export async function registerApi(server: FastifyInstance, dependencies: ApiDependencies): Promise<void> {
  await server.register((app) => mount(app, dependencies), { prefix: PREFIX });
}

/** A server of the API alone. */
export async function createApi(dependencies: ApiDependencies): Promise<FastifyInstance> {
  const server = fastify({ logger: false, trustProxy: false });
  await registerApi(server, dependencies);
  return server;
}

async function mount(app: FastifyInstance, dependencies: ApiDependencies): Promise<void> {
  const { settings, log } = dependencies;
  const { limits, publicUrl } = settings;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(problemAnswerer(publicUrl, log));
  app.decorateRequest('user', null);
  app.addHook('onRequest', async (_request, reply) => void reply.header('cache-control', 'no-store')); // an answer is for who asked, and for now

  await app.register(cors, {
    origin: '*',
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
    exposedHeaders: ['Retry-After'],
    maxAge: 86_400,
  });
  await app.register(formbody, { parser: (text) => parseFormFields(new URLSearchParams(text)) });
  await app.register(multipart, {
    limits: { fileSize: PICTURE_LIMIT_BYTES, files: 2, fields: FIELDS_LIMIT, fieldSize: FIELD_LIMIT_BYTES, parts: FIELDS_LIMIT },
  });
  await app.register(rateLimit, {
    global: limits.calls >= 0,
    max: limits.calls,
    timeWindow: limits.callsWindowMs,
    errorResponseBuilder: (_request, { max, ttl }) =>
      problem('too_many_requests', `More than ${max} calls from your address. Try again in ${Math.ceil(ttl / 1000)} s.`, {
        retryAfterS: Math.ceil(ttl / 1000),
      }),
  });
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, answerNotFound(publicUrl));
  await registerOpenApi(app, settings);

  const context: ApiContext = { ...dependencies, login: new Login(dependencies.database), inOrder: new InOrder() };
  const routes: ApiServer = app.withTypeProvider<ZodTypeProvider>();
  registerConfig(routes, context);
  registerHealth(routes, context);
  registerOauth(routes, context);
  registerUsers(routes, context);
  registerLives(routes, context);
  registerRestarts(routes, context);
  registerVideos(routes, context);
  registerChannels(routes, context);
}
