import type { FastifyInstance } from 'fastify';
import type { HeadraceNode } from '../node.ts';
import { Metrics } from './api/metrics.ts';

const LOCAL: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost']);

/**
 * What those who run a topology ask, where the bank's API is not served: `/readyz`, whether it processes records, and `/metrics`, its figures for
 * Prometheus. Both are open to this machine, which is all that reaches the server; a page of a browser under another name is refused.
 */
export function addOperationPages(server: FastifyInstance, node: Pick<HeadraceNode, 'status'>): void {
  const metrics = new Metrics(
    () => node.status(),
    () => 0,
  );
  server.get('/readyz', async (_request, reply) => {
    const { workers = [] } = await node.status();
    return workers.length > 0 ? { status: 'ready' } : reply.code(503).send({ status: 'starting' });
  });
  server.get('/metrics', async (request, reply) => {
    if (!LOCAL.has(request.hostname.replace(/:\d+$/, ''))) return reply.code(403).send();
    return reply.type(metrics.type).send(await metrics.text());
  });
}
