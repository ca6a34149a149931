import { setMaxListeners } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../../clock.ts';
import { containsCardNumber } from '../../../privacy/card-numbers.ts';
import type { AppLogger } from '../../logger.ts';
import { closing } from '../started-stream.ts';
import { accountRoutes } from './account-routes.ts';
import type { ApiBackend } from './api-backend.ts';
import { type ApiKeys, presentedKey } from './api-keys.ts';
import { API_LIMITS, type ApiLimits } from './api-limits.ts';
import { caseRoutes } from './case-routes.ts';
import { IdempotencyKeys } from './idempotency-keys.ts';
import { IdempotentDesk } from './idempotent-desk.ts';
import { Metrics } from './metrics.ts';
import { openApiDocument } from './openapi.ts';
import { operationRoutes } from './operation-routes.ts';
import { issueText, PROBLEM_TYPE, refuse, toProblemError } from './problem.ts';
import { queryRoutes } from './query-routes.ts';
import type { ApiAnswer, ApiRequest, Route } from './route.ts';
import { parseStrictJson } from './strict-json.ts';
import { TokenBuckets } from './token-bucket.ts';
import { transactionRoutes } from './transaction-routes.ts';
import { UnderWay } from './under-way.ts';
import { Waits } from './waits.ts';
import { withdrawalRoutes } from './withdrawal-routes.ts';

export interface ApiOptions {
  readonly backend: ApiBackend;
  readonly clock: Clock;
  readonly logger: AppLogger;
  /** Of Headrace, for the document. */
  readonly version: string;
  /** Everyone is let in without them: for loopback only. */
  readonly keys?: ApiKeys | undefined;
  readonly limits?: Partial<ApiLimits> | undefined;
}

/** Names under which a page of a browser can only reach this machine if it belongs to it. */
const LOCAL_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;
const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;
const ENDING_RETRY_AFTER_SECONDS = 5;
const BUSY_RETRY_AFTER_SECONDS = 1;

/** Who asks, from {@link Api.admit} on. */
const CLIENT = Symbol('client');
type Admitted = FastifyRequest & { [CLIENT]?: string };

/** The public HTTP API as routes for a server. */
export class Api {
  readonly limits: ApiLimits;
  readonly #options: ApiOptions;
  readonly #routes: readonly Route[];
  readonly #document: unknown;
  readonly #metrics: Metrics;
  readonly #underWay: UnderWay;
  readonly #buckets: TokenBuckets;
  readonly #ending = new AbortController();

  private constructor(options: ApiOptions, limits: ApiLimits, idempotencyKeys: IdempotencyKeys) {
    const { backend, clock, version, keys } = options;
    this.#options = options;
    // Each request that waits for a result listens to it.
    setMaxListeners(0, this.#ending.signal);
    this.limits = limits;
    this.#underWay = new UnderWay(limits.requestsMax, limits.requestBytesMax);
    this.#buckets = new TokenBuckets(limits.requestsPerSecond, limits.burst, clock);
    this.#metrics = new Metrics(
      () => backend.status(),
      () => this.#underWay.count,
    );
    const metrics = this.#metrics;
    const desk = new IdempotentDesk(backend, idempotencyKeys, limits, clock);
    const waits = new Waits(backend, clock, limits.waitersMax);
    this.#routes = [
      ...transactionRoutes({ backend, desk, waits, limits, clock, metrics }),
      ...accountRoutes(backend),
      ...withdrawalRoutes({ backend, desk, waits, limits, clock }),
      ...caseRoutes({ backend, desk, waits, clock }),
      ...queryRoutes(backend),
      ...operationRoutes({
        backend,
        metrics,
        document: () => this.#document,
        isEnding: () => this.#ending.signal.aborted,
      }),
    ];
    this.#document = openApiDocument(this.#routes, version, keys !== undefined);
  }

  /** Reads the idempotency keys of earlier processes. The topics are to exist. */
  static async open(options: ApiOptions): Promise<Api> {
    const limits = { ...API_LIMITS, ...options.limits };
    return new Api(options, limits, await IdempotencyKeys.open(options.backend, limits, options.clock));
  }

  /** Adds the routes to a server, in a context of their own; what has no route is answered here, too. */
  register(server: FastifyInstance): void {
    server.setNotFoundHandler((request, reply) => this.#notFound(request, reply));
    server.setErrorHandler((error, request, reply) =>
      request.is404 ? this.#notFound(request, reply) : this.#sendProblem(error, request, reply),
    );
    server.addHook('preClose', () => this.end());
    void server.register(async (own) => {
      own.removeAllContentTypeParsers();
      own.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
      own.setErrorHandler((error, request, reply) => this.#sendProblem(error, request, reply));
      for (const route of this.#routes) {
        own.route({
          method: route.method,
          url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
          bodyLimit: this.limits.bodyBytesMax,
          onRequest: async (request, reply) => this.#admit(route, request, reply),
          handler: async (request, reply) => send(reply, await this.#answer(route, request, reply)),
        });
      }
    });
  }

  /** From now on takes nothing in, and who waits for a result is answered. Resolves when nothing is under way any more. */
  async end(): Promise<void> {
    this.#ending.abort();
    await this.#underWay.empty(this.limits.stopWaitMaxMs);
  }

  /** Whether a request may go on, before its body is read. */
  #admit(route: Route, request: Admitted, reply: FastifyReply): void {
    this.#count(route, request, reply);
    const { headers } = request;
    if (this.#ending.signal.aborted && route.method === 'POST') {
      void reply.header('connection', 'close');
      throw refuse(503, 'ENDING', 'The process is ending', ENDING_RETRY_AFTER_SECONDS);
    }
    request[CLIENT] = this.#clientOf(route, request.ip, headers);
    if (route.isUnlimited === true) return;
    const waitSeconds = this.#buckets.take(`client:${request[CLIENT]}`);
    if (waitSeconds > 0) throw refuse(429, 'TOO_MANY_REQUESTS', 'Too many requests of this client', waitSeconds);
  }

  #count(route: Route, request: FastifyRequest, reply: FastifyReply): void {
    const startedAt = this.#options.clock();
    const leave = route.isUnlimited === true ? () => undefined : this.#underWay.enter(this.#bytesOf(request.headers));
    let isLeft = false;
    const end = () => {
      if (isLeft) return;
      isLeft = true;
      leave?.();
      const seconds = (this.#options.clock() - startedAt) / 1_000;
      this.#metrics.answered(route.method, route.path, reply.raw.statusCode, seconds);
    };
    reply.raw.once('finish', end);
    reply.raw.once('close', end);
    if (leave === undefined) {
      throw refuse(503, 'TOO_BUSY', 'Too many requests are under way', BUSY_RETRY_AFTER_SECONDS);
    }
  }

  /** What the body may come to take. */
  #bytesOf({ 'content-length': length, 'transfer-encoding': encoding }: IncomingHttpHeaders): number {
    const bytes = encoding === undefined ? Number(length ?? 0) : this.limits.bodyBytesMax;
    return Math.min(Number.isFinite(bytes) ? bytes : 0, this.limits.bodyBytesMax);
  }

  #clientOf(route: Route, address: string, headers: IncomingHttpHeaders): string {
    const { keys } = this.#options;
    if (keys === undefined) {
      // Without it a page in a browser could have its own name resolved to this machine, and ask as if it were of here.
      if (headers.host !== undefined && !LOCAL_HOST.test(headers.host)) {
        throw refuse(421, 'HOST_UNKNOWN', 'Without API keys only requests to localhost are answered');
      }
      return '';
    }
    const key = presentedKey(headers);
    const client = key === undefined ? undefined : keys.clientOf(key);
    if (client !== undefined) return client;
    if (route.isOpen === true) return `address:${address}`;
    const waitSeconds = this.#buckets.take(`stranger:${address}`);
    if (waitSeconds > 0) throw refuse(429, 'TOO_MANY_REQUESTS', 'Too many requests without a key', waitSeconds);
    throw refuse(401, 'KEY_UNKNOWN', 'The API key is missing or wrong; send Authorization: Bearer or X-API-Key');
  }

  async #answer(route: Route, request: Admitted, reply: FastifyReply): Promise<ApiAnswer> {
    const { body, bytes } = bodyOf(route, request);
    const { 'idempotency-key': idempotencyKey } = request.headers;
    const asked: ApiRequest<unknown, unknown, unknown> = {
      params: valid(route.params, noCardNumbers(request.params), 'PATH_INVALID'),
      query: valid(route.query, request.query, 'QUERY_INVALID'),
      body,
      bytes,
      target: `${request.method} ${request.url}`,
      idempotencyKey: route.takesIdempotencyKey === true ? (idempotencyKey as string | undefined) : undefined,
      client: request[CLIENT] ?? '',
      ending: this.#ending.signal,
      // Few ask for it, and each who does listens to the connection.
      get gone() {
        return closing(reply);
      },
    };
    return route.handle(asked as ApiRequest<never, never, never>);
  }

  /** Answers for a path that has no route, or not for this method. */
  async #notFound(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const path = request.url.split('?', 1)[0]!;
    const methods = this.#routes.filter((route) => patternOf(route).test(path)).map(({ method }) => method);
    if (methods.length === 0) {
      return this.#sendProblem(refuse(404, 'PATH_UNKNOWN', 'There is nothing at this path'), request, reply);
    }
    void reply.header('allow', methods.join(', '));
    return this.#sendProblem(refuse(405, 'METHOD_NOT_ALLOWED', `Use ${methods.join(' or ')}`), request, reply);
  }

  async #sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { problem, headers } = toProblemError(error);
    // What a client that went away is no longer told is no fault of ours.
    if (problem.status >= 500 && problem.status !== 503 && !reply.raw.destroyed) {
      // The path is left out: it may hold an account's name, or worse.
      this.#options.logger.error({ error, route: request.routeOptions.url ?? '' }, 'a request failed');
    }
    this.#metrics.refused(problem.code);
    if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
    return send(reply, { status: problem.status, type: PROBLEM_TYPE, body: problem, headers });
  }
}

function send(reply: FastifyReply, { status, type, body, headers = {} }: ApiAnswer): FastifyReply {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return reply
    .code(status)
    .headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', ...headers })
    .type(type ?? 'application/json; charset=utf-8')
    .send(text);
}

function bodyOf(route: Route, request: FastifyRequest): { readonly body: unknown; readonly bytes: Buffer } {
  if (route.body === undefined) return { body: undefined, bytes: Buffer.alloc(0) };
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers;
  const bytes = request.body instanceof Buffer ? request.body : Buffer.alloc(0);
  if (!JSON_TYPE.test(type.trim()) || encoding.toLowerCase() !== 'identity') {
    throw refuse(415, 'MEDIA_TYPE_UNSUPPORTED', 'The body must be application/json in UTF-8, not compressed');
  }
  const parsed = parseStrictJson(bytes);
  if ('refusal' in parsed) throw refuse(400, parsed.refusal.code, parsed.refusal.detail);
  return { body: valid(route.body, parsed.value, 'BODY_INVALID'), bytes };
}

function valid(schema: Route['body'], value: unknown, code: string): unknown {
  if (schema === undefined) return undefined;
  const checked = schema.safeParse(value);
  if (!checked.success) throw refuse(400, code, issueText(checked.error));
  return checked.data;
}

/** A path stands in logs on its way here; one that holds a card number must not look as if that were right. */
function noCardNumbers(params: unknown): unknown {
  for (const value of Object.values(params as Record<string, string>)) {
    if (containsCardNumber(value)) throw refuse(400, 'CARD_NUMBER', 'The path holds what looks like a card number');
  }
  return params;
}

function patternOf({ path }: Route): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);
}
