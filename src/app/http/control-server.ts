import { randomBytes, timingSafeEqual } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { HeadraceError } from '../../errors.ts';
import type { HeadraceNode } from '../node.ts';
import type { Api } from './api/api.ts';
import { HoldLeases } from './hold-leases.ts';
import { listen, newServer } from './listen.ts';
import { addOperationPages } from './operation-pages.ts';
import { addRewriteRoutes } from './rewrite-routes.ts';
import { addSnapshotRoutes } from './snapshot-routes.ts';
import { closing, startedStream } from './started-stream.ts';
import { addStateRoutes, type StateRoutesOptions } from './state-routes.ts';
import { Visitors } from './visitors.ts';
import { BODY_BYTES_MAX, fromWire, storedToWire, TOKEN_HEADER, toProblem } from './wire.ts';

const HOST = '127.0.0.1';
/** A response in which nothing comes for minutes is given up by clients. */
const VISIT_SIGN_MS = 60_000;
/** A client waits for a commit, or for a drain, at most this long in one request. */
const AWAIT_MAX_MS = 30_000;

const text = z.string().nullable();
const newRecord = z.object({
  topic: z.string(),
  partition: z.number().int().nonnegative(),
  timestamp: z.number().int(),
  key: text,
  value: text,
  headers: z.array(z.tuple([z.string(), text])),
});
const appendBody = z.object({ records: z.array(newRecord) });
const readQuery = z.object({ topic: z.string(), partition: z.coerce.number().int(), offset: z.coerce.number().int() });
const resetBody = z.object({
  application: z.string(),
  topics: z.array(z.string()).optional(),
  target: z.discriminatedUnion('kind', [
    z.object({ kind: z.enum(['earliest', 'latest']) }),
    z.object({ kind: z.literal('offset'), offset: z.number().int().nonnegative() }),
    z.object({ kind: z.literal('time'), timeMs: z.number().int() }),
    z.object({ kind: z.literal('by'), count: z.number().int() }),
  ]),
  keepsState: z.boolean(),
  executes: z.boolean(),
});
const ofStore = { store: z.string(), application: z.string().optional(), limit: z.number().int().positive() };
const stateBody = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('list'), application: z.string().optional() }),
  z.object({ ...ofStore, kind: z.literal('get'), key: z.string(), asOf: z.number().int().optional() }),
  z.object({ ...ofStore, kind: z.literal('range'), from: z.string().optional(), to: z.string().optional() }),
]);
const question = z.object({ name: z.string(), parameters: z.record(z.string(), z.string()) });
const queryBody = z.object({
  query: z.union([z.string(), question]),
  output: z.enum(['json', 'table', 'csv']),
  isTerminal: z.boolean(),
});

export interface ControlServer {
  readonly address: string;
  readonly token: string;
  /** Resolves when no other process is at a task here, or after `maxMs`; from then on none is let in. */
  left(maxMs: number): Promise<void>;
  close(): Promise<void>;
}

export interface ControlServerOptions {
  readonly api?: Api;
  readonly questions?: StateRoutesOptions | undefined;
  /** Without an API: whether it tells if it is ready, and its figures. */
  readonly hasOperationPages?: boolean;
}

/**
 * Serves a node to the other commands of this machine: loopback only, and each request must present the token that
 * stands in the data directory. With an API, the same server has that too, for everyone of this machine; with `questions`, what other
 * instances ask. Port 0 takes a free one. Throws USAGE for a port that is taken.
 */
export async function serveControl(
  node: HeadraceNode,
  port: number,
  { api, questions, hasOperationPages = false }: ControlServerOptions = {},
): Promise<ControlServer> {
  const token = randomBytes(24).toString('base64url');
  const server = newServer();
  const visitors = new Visitors();
  void server.register(async (own) => addControlRoutes(own, node, visitors, token), { prefix: '/control' });
  if (questions !== undefined) addStateRoutes(server, questions);
  if (api === undefined) {
    server.get('/healthz', (request, reply) => (request.url === '/healthz' ? { status: 'ok' } : unauthorised(reply)));
    server.setNotFoundHandler((_request, reply) => unauthorised(reply));
    if (hasOperationPages) addOperationPages(server, node);
  } else {
    api.register(server);
  }
  const address = await listen(server, HOST, port);
  return { address, token, left: (maxMs) => visitors.left(maxMs), close: () => server.close() };
}

function unauthorised(reply: FastifyReply): FastifyReply {
  return reply
    .code(401)
    .type('application/problem+json')
    .send({
      title: 'Unauthorized',
      detail: `The header ${TOKEN_HEADER} is missing or wrong`,
      code: 'USAGE',
      retriable: false,
    });
}

function addControlRoutes(server: FastifyInstance, node: HeadraceNode, visitors: Visitors, token: string): void {
  const leases = new HoldLeases(node);
  server.addContentTypeParser('application/json', { parseAs: 'string' }, server.getDefaultJsonParser('error', 'error'));
  // The response lasts as long as the visit: a client that dies leaves by that, too.
  server.get('/visit', async (_request, reply) => {
    const leave = visitors.enter();
    reply.hijack();
    reply.raw.writeHead(200).flushHeaders();
    const sign = setInterval(() => reply.raw.write('\n'), VISIT_SIGN_MS);
    reply.raw.once('close', () => {
      clearInterval(sign);
      leave();
    });
  });
  server.addHook('onRequest', async (request, reply) => {
    if (!isToken(request.headers[TOKEN_HEADER], token)) return unauthorised(reply);
  });
  server.setErrorHandler(async (error, _request, reply) => {
    const status =
      error instanceof HeadraceError ? (error.retriable ? 503 : 422) : error instanceof z.ZodError ? 400 : 500;
    await reply.code(status).type('application/problem+json').send(toProblem(error));
  });

  server.post('/append', { bodyLimit: BODY_BYTES_MAX }, async (request) => {
    const { records } = appendBody.parse(request.body);
    return { positions: await node.append(records.map(fromWire)) };
  });
  server.get('/topics', async () => ({ topics: await node.topics() }));
  server.get<{ Params: { topic: string }; Querystring: { from?: string } }>(
    '/record-count/:topic',
    async ({ params, query }) => ({
      count: await node.recordCount(params.topic, query.from?.split(',').map(Number)),
    }),
  );
  server.get<{ Params: { topic: string } }>('/watermarks/:topic', async ({ params }) => ({
    watermarks: await node.watermarks(params.topic),
  }));
  server.get('/records', async (request) => {
    const { topic, partition, offset } = readQuery.parse(request.query);
    return { records: (await node.read(topic, partition, offset)).map(storedToWire) };
  });
  server.get<{ Querystring: { timeoutMs?: string } }>('/commit', async ({ query }) => {
    await node.awaitCommit(Math.min(Number(query.timeoutMs ?? 0), AWAIT_MAX_MS));
    return {};
  });
  server.post('/query', async (request, reply) => {
    const { query, output, isTerminal } = queryBody.parse(request.body);
    const chunks = node.query(query, output, isTerminal, closing(reply));
    return reply.type('application/octet-stream').send(await startedStream(chunks));
  });
  // Draining may take longer than a client waits for an answer: it is asked for again until it is done.
  server.post('/drain', async () => ({ isDone: await isDoneInTime(node.drain()) }));
  server.get<{ Params: { partition: string } }>('/accounts/:partition', async ({ params }) => ({
    accounts: await node.accounts(Number(params.partition)),
  }));
  server.get<{ Params: { partition: string } }>('/cases/:partition', async ({ params }) => ({
    cases: await node.cases(Number(params.partition)),
  }));
  server.get<{ Querystring: { id?: string } }>('/case', async ({ query }) => ({
    case: await node.findCase(query.id ?? ''),
  }));
  server.get('/parked', async () => ({ parked: await node.parked() }));
  server.post('/holds', async () => ({ id: await leases.take() }));
  server.put<{ Params: { id: string } }>('/holds/:id', async ({ params }) => {
    leases.renew(params.id);
    return {};
  });
  server.delete<{ Params: { id: string } }>('/holds/:id', async ({ params }) => {
    await leases.release(params.id);
    return {};
  });
  addSnapshotRoutes(server, node);
  addRewriteRoutes(server, node);
  server.post('/reset', async (request) => ({ report: await node.reset(resetBody.parse(request.body)) }));
  server.post('/state', async (request) => ({ answer: await node.state(stateBody.parse(request.body)) }));
  server.get('/status', async () => ({ status: await node.status() }));
}

/** Whether the work ended while one request may wait. Rejects as it does. */
async function isDoneInTime(work: Promise<void>): Promise<boolean> {
  const ended = new AbortController();
  const late = sleep(AWAIT_MAX_MS, false, { signal: ended.signal }).catch(() => false);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    ended.abort();
  }
}

function isToken(given: string | string[] | undefined, token: string): boolean {
  return (
    typeof given === 'string' &&
    given.length === token.length &&
    timingSafeEqual(Buffer.from(given), Buffer.from(token))
  );
}
