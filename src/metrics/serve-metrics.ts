import type { FastifyInstance } from 'fastify';
import { refusalOf } from './admission.ts';
import type { MetricsRules } from './admission.ts';
import type { Metrics } from './metrics.ts';

/** Adds `GET /metrics`. With null it is there too, and says that it is off: a page in its place would be a riddle to who scrapes. */
export function serveMetrics(app: FastifyInstance, served: (MetricsRules & { readonly metrics: Metrics }) | null): void {
  app.get('/metrics', async (request, reply) => {
    void reply.header('cache-control', 'no-store');
    const refusal =
      served === null ? { status: 404, text: 'Metrics are off: see the setting metrics.' } : refusalOf(served, request.raw);
    if (served === null || refusal !== null) {
      if (refusal?.status === 401) void reply.header('www-authenticate', 'Bearer');
      return reply
        .code(refusal?.status ?? 404)
        .type('text/plain; charset=utf-8')
        .send(`${refusal?.text}\n`);
    }
    const text = await served.metrics.render();
    return reply.type(served.metrics.contentType).send(text);
  });
}
