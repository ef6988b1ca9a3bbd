import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** Paths that are never a page: what is not there is not found. */
const NO_PAGE = /^\/(api|assets|media|static)(\/|$)|^\/(favicon\.ico|robots\.txt)$/;

/** Serves the pages of a directory: files as they are, and the application for every path that it knows better. */
export async function servePages(app: FastifyInstance, directory: string): Promise<void> {
  const index = join(directory, 'index.html');
  if (!existsSync(index)) {
    app.get('/', (_request, reply) =>
      reply.code(503).type('text/plain').send('The pages are not built: run npm start, or npx vite build web.\n'),
    );
    return;
  }
  const html = readFileSync(index);
  const policy = contentSecurityPolicy(html.toString());
  await app.register(async (pages) => {
    pages.addHook('onRequest', async (_request, reply) => {
      void reply.headers({
        'Content-Security-Policy': policy,
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'same-origin',
      });
    });
    await pages.register(fastifyStatic, {
      root: directory,
      wildcard: false,
      index: false,
      setHeaders: (response, path) => {
        void response.header(
          'Cache-Control',
          path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'public, max-age=300',
        );
      },
    });
    pages.get('/*', (request, reply) => {
      const [path] = request.url.split('?');
      if (NO_PAGE.test(path))
        return reply.code(404).header('Cache-Control', 'no-store').type('text/plain').send('No such file.\n');
      return reply.header('Cache-Control', 'no-cache').type('text/html; charset=utf-8').send(html);
    });
  });
}

/** Own scripts and styles only, and the page's own inline scripts by their hashes; blob: is for Media Source Extensions and the player's worker. */
export function contentSecurityPolicy(html: string): string {
  const inline = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
    ([, script]) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
  return [
    `default-src 'self'`,
    `script-src ${["'self'", ...inline].join(' ')}`,
    `style-src 'self'`,
    `img-src 'self' data: blob:`,
    `media-src 'self' blob:`,
    `worker-src 'self' blob:`,
    `connect-src 'self'`,
    `object-src 'none'`,
    `base-uri 'none'`,
    `form-action 'self'`,
    `frame-ancestors 'self'`,
  ].join('; ');
}
